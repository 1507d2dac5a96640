-- Our publications in this database. $1 the pattern of their names.
SELECT pubname::text AS name FROM pg_publication WHERE pubname LIKE $1::text ORDER BY 1
