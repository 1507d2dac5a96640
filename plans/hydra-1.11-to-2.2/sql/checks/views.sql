-- views: a view over Hydra's tables: green does not have it, and the stock migrator cannot drop a table below one.
-- For plan.toml and stock.toml; warn.
SELECT t.relname AS table_name, v.relname AS key, 'view over ' || t.relname AS reason
FROM pg_class AS t
JOIN pg_class AS v ON v.relkind IN ('v', 'm')
WHERE t.relkind = 'r' AND t.relname LIKE 'hydra\_%' AND t.relnamespace = current_schema()::regnamespace
  AND EXISTS (
      SELECT FROM pg_rewrite AS r
      JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
      WHERE r.ev_class = v.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid)
