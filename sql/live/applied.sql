-- The subscriptions as green sees them: whether each is enabled and at work, errors so far (null before PostgreSQL 15).
-- $1 the pattern of our subscriptions' names.
SELECT s.subname::text AS name, s.oid::bigint AS oid, s.subenabled AS enabled,
       bool_or(w.pid IS NOT NULL) AS working,
       extract(epoch FROM clock_timestamp() - max(w.last_msg_receipt_time))::float8 AS silent_for
FROM pg_subscription s
JOIN pg_database d ON d.oid = s.subdbid
LEFT JOIN pg_stat_subscription w ON w.subid = s.oid AND w.relid IS NULL
WHERE d.datname = current_database() AND s.subname LIKE $1::text
GROUP BY 1, 2, 3 ORDER BY 1
