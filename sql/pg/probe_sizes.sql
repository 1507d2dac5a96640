-- Sizes of the tables of a schema: those that hold rows, and each partitioned table as the sum of its leaves.
-- $1 text: the schema
WITH RECURSIVE part AS (
    SELECT c.oid AS root, c.oid, c.relkind
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')
    UNION ALL
    SELECT p.root, c.oid, c.relkind
    FROM part p
    JOIN pg_inherits i ON i.inhparent = p.oid
    JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition AND c.relkind IN ('r', 'p')
    WHERE p.relkind = 'p'
)
SELECT root.relname::text AS name,
       coalesce(sum(pg_relation_size(c.oid) / current_setting('block_size')::int8), 0)::int8 AS pages,
       coalesce(sum(pg_table_size(c.oid)
                    - coalesce(pg_total_relation_size(nullif(c.reltoastrelid, 0)), 0)), 0)::int8 AS heap_bytes,
       coalesce(sum(pg_total_relation_size(nullif(c.reltoastrelid, 0))), 0)::int8 AS toast_bytes,
       coalesce(sum(pg_indexes_size(c.oid)), 0)::int8 AS index_bytes,
       -- Never analysed: not known, and half a guess would be a wrong sum.
       CASE WHEN bool_or(c.reltuples < 0) THEN NULL
            ELSE coalesce(sum(greatest(c.reltuples, 0)::float8), 0)::int8 END AS rows_estimate
FROM part p
JOIN pg_class root ON root.oid = p.root
LEFT JOIN pg_class c ON c.oid = p.oid AND p.relkind = 'r'
GROUP BY root.oid, root.relname
ORDER BY root.relname;
