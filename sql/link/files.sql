-- The tables of a schema ($1) that have rows of their own, each with its file: another one when it was rewritten.
SELECT c.relname::text, pg_relation_filenode(c.oid)::text
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1::text AND c.relkind = 'r' AND pg_relation_filenode(c.oid) IS NOT NULL
