-- Tables of the namespace ($1) on which this role may not make the fence's trigger.
SELECT coalesce(string_agg(c.relname, ', ' ORDER BY c.relname), '')::text AS tables
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1::text AND c.relkind IN ('r', 'p') AND NOT has_table_privilege(c.oid, 'TRIGGER')
