-- The triggers of the capture that stand and are enabled for everybody: table and name. $1 text: the schema of the service
SELECT c.relname::text AS table_name, t.tgname::text AS name
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND NOT t.tgisinternal AND t.tgenabled = 'A' AND t.tgname LIKE 'greenlight\_revocation\_%'
ORDER BY 1, 2;
