-- The backend that holds the living lock. $1 high half of the key, $2 low half.
SELECT l.pid, a.application_name, coalesce(host(a.client_addr), 'local') AS host
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.classid = $1::bigint::oid AND l.objid = $2::bigint::oid
