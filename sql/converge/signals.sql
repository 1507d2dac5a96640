-- The throttle's signals on a server: others' active backends, standbys' replay lag, WAL kept by slots.
-- Without pg_read_all_stats the state of others' backends and standbys reads as NULL, so as if there were none.
SELECT pg_has_role('pg_read_all_stats', 'USAGE') AS sees_others,
       (SELECT count(*) FROM pg_stat_activity
        WHERE state = 'active' AND backend_type = 'client backend' AND application_name NOT LIKE 'greenlight/%')::bigint AS active_backends,
       coalesce((SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)) FROM pg_stat_replication), 0)::bigint AS replica_lag,
       coalesce((SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)) FROM pg_replication_slots), 0)::bigint AS slot_bytes
