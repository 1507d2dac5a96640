-- Clients that are still connected to blue, none of ours: who, from where, since when their last statement.
SELECT coalesce(usename::text, '') AS who, coalesce(nullif(application_name, ''), '-') AS application, count(*) AS sessions,
       min(pid) AS pid
FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
  AND coalesce(application_name, '') NOT LIKE 'greenlight/%'
GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 5
