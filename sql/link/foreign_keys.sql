-- Foreign keys of tables of a schema ($1): dropped with a table, one would lock the table that it leads to all the while.
SELECT c.relname::text AS name, k.conname::text AS key
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1::text AND k.contype = 'f' AND k.conparentid = 0
ORDER BY 1, 2
