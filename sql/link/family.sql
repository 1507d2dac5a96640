-- Tables of a schema ($1) with all that are partitions of them, root and member; a table is a member of its own.
WITH RECURSIVE family AS (
    SELECT c.oid, c.relname AS root, c.relname AS member
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1::text AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    UNION ALL
    SELECT c.oid, f.root, c.relname FROM family f JOIN pg_inherits i ON i.inhparent = f.oid
    JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition
)
SELECT root::text, member::text FROM family ORDER BY 1, 2
