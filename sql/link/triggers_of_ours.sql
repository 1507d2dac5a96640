-- Tables with triggers that call functions of these schemas ($1), with the names of the triggers; tables of our own schemas ($2)
-- are left out. A trigger that a partition has from its parent goes with that one.
SELECT n.nspname::text AS schema, c.relname::text AS name, array_agg(t.tgname::text ORDER BY t.tgname) AS triggers
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_proc p ON p.oid = t.tgfoid
JOIN pg_namespace f ON f.oid = p.pronamespace
WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgname LIKE 'greenlight\_%'
  AND f.nspname = ANY ($1::text[]) AND n.nspname <> ALL ($2::text[])
GROUP BY n.nspname, c.relname
ORDER BY n.nspname, c.relname
