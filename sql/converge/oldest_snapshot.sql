-- The age of the oldest transaction on blue that holds back vacuum, in seconds.
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::bigint
FROM pg_stat_activity WHERE backend_xmin IS NOT NULL
