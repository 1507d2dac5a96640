-- What a schema ($1) has of views, tables and sequences, in the order in which they can be dropped: views, then partitions and
-- tables that inherit, then others; sequences that go with a column are left out.
WITH RECURSIVE above (oid, parent) AS (
    SELECT i.inhrelid, i.inhparent FROM pg_inherits i
    UNION
    SELECT a.oid, i.inhparent FROM above a JOIN pg_inherits i ON i.inhrelid = a.parent
)
SELECT c.relname::text AS name, c.relkind::text AS kind,
       CASE WHEN c.relkind IN ('r', 'm', 'p') THEN pg_total_relation_size(c.oid) ELSE 0 END::bigint AS bytes
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1::text AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  AND NOT EXISTS (SELECT FROM pg_depend d
                  WHERE c.relkind = 'S' AND d.classid = 'pg_class'::regclass AND d.objid = c.oid
                    AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i'))
ORDER BY CASE c.relkind WHEN 'v' THEN 0 WHEN 'm' THEN 1 WHEN 'S' THEN 3 ELSE 2 END,
         (SELECT count(*) FROM above a WHERE a.oid = c.oid) DESC, c.relname
