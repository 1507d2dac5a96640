-- Autovacuum at work on tables of the namespace ($1): which table, whether it is one that gives way to nobody (null if this role
-- may not see), how long, and whether our session may make it give way soon.
SELECT c.relname::text AS "table",
       CASE WHEN a.query IS NULL OR a.query = '<insufficient privilege>' THEN NULL ELSE a.query LIKE '%(to prevent wraparound)%' END AS stubborn,
       extract(epoch FROM clock_timestamp() - a.xact_start)::bigint AS seconds
FROM pg_stat_progress_vacuum v
JOIN pg_class c ON c.oid = v.relid
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = $1::text
LEFT JOIN pg_stat_activity a ON a.pid = v.pid
WHERE v.datname = current_database() ORDER BY 3 DESC NULLS LAST
