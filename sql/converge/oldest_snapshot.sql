-- The age of the oldest transaction on blue that holds back vacuum, in seconds; NULL if this role may not see others' transactions.
SELECT CASE WHEN pg_has_role('pg_read_all_stats', 'USAGE')
            THEN coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::bigint END
FROM pg_stat_activity WHERE backend_xmin IS NOT NULL
