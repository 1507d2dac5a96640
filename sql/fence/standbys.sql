-- Physical standbys of blue that have not replayed the WAL up to $1: promoted now, they would open without the seal.
SELECT coalesce(nullif(r.application_name, ''), r.client_addr::text, 'pid ' || r.pid) AS name
FROM pg_stat_replication r
WHERE NOT EXISTS (SELECT FROM pg_replication_slots s WHERE s.active_pid = r.pid AND s.slot_type = 'logical')
  AND coalesce(r.state, '') <> 'backup' AND (r.replay_lsn IS NULL OR r.replay_lsn < $1::text::pg_lsn)
