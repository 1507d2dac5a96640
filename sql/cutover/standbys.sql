-- Physical standbys of blue: how many, and how far behind the last is, in milliseconds (null if this role may not see).
SELECT count(*) AS standbys, bool_and(r.replay_lsn IS NOT NULL) AS seen,
       coalesce(max(extract(epoch FROM r.replay_lag)) * 1000, 0)::bigint AS lag_ms
FROM pg_stat_replication r
WHERE NOT EXISTS (SELECT FROM pg_replication_slots s WHERE s.active_pid = r.pid AND s.slot_type = 'logical')
  AND coalesce(r.state, '') <> 'backup'
