-- Tables and views of a schema ($1) whose names are none of these ($2), nor those of their partitions.
SELECT c.relname::text AS name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1::text AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND c.relname <> ALL ($2::text[])
ORDER BY 1
