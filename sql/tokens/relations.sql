-- The tables that hold the rows of a table: its leaf partitions, or itself; with their pages. $1 schema, $2 table.
WITH RECURSIVE family AS (
    SELECT c.oid, c.relkind, n.nspname, c.relname
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1::text AND c.relname = $2::text AND c.relkind IN ('r', 'p')
    UNION ALL
    SELECT c.oid, c.relkind, n.nspname, c.relname
    FROM family f
    JOIN pg_inherits i ON i.inhparent = f.oid
    JOIN pg_class c ON c.oid = i.inhrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE f.relkind = 'p'
)
SELECT nspname::text AS schema, relname::text AS name,
       (pg_relation_size(oid) / current_setting('block_size')::bigint)::bigint AS pages
FROM family
WHERE relkind = 'r'
ORDER BY 1, 2
