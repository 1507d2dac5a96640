-- How far the first copy is: tables, tables that follow, tables that are copied, rows and bytes of the copies that run.
-- $1 the pattern of our subscriptions' names.
WITH ours AS (
    SELECT s.oid FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
    WHERE d.datname = current_database() AND s.subname LIKE $1::text
)
SELECT count(*) AS tables,
       count(*) FILTER (WHERE r.srsubstate = 'r') AS ready,
       count(*) FILTER (WHERE r.srsubstate IN ('f', 's', 'r')) AS copied,
       coalesce((SELECT sum(c.tuples_processed) FROM pg_stat_progress_copy c
                 WHERE c.datname = current_database() AND c.type = 'CALLBACK'), 0)::bigint AS rows,
       coalesce((SELECT string_agg(c.relid::regclass::text, ', ' ORDER BY c.relid) FROM pg_stat_progress_copy c
                 WHERE c.datname = current_database() AND c.type = 'CALLBACK'), '') AS at_work
FROM pg_subscription_rel r JOIN ours ON ours.oid = r.srsubid
