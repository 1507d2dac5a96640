-- Who holds locks on tables of the namespace ($1) that the fence has to wait for: its transaction is open, or vacuum is at work.
SELECT DISTINCT a.pid, coalesce(a.usename::text, a.backend_type, '') AS who, coalesce(a.application_name, '') AS application,
       coalesce(a.state, '') AS state, c.relname::text AS "table", a.backend_type = 'autovacuum worker' AS vacuum,
       coalesce(extract(epoch FROM clock_timestamp() - a.xact_start)::bigint, 0) AS seconds
FROM pg_locks l
JOIN pg_class c ON c.oid = l.relation
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = $1::text
LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.locktype = 'relation' AND l.granted AND c.relkind IN ('r', 'p') AND l.pid <> pg_backend_pid()
  AND l.mode IN ('RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
ORDER BY seconds DESC, a.pid
LIMIT 10
