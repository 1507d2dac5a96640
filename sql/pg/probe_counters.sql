-- Counters of this database since its statistics were reset, and how much WAL the server has written.
SELECT coalesce(s.xact_commit, 0) AS commits,
       coalesce(s.temp_files, 0) AS temp_files,
       coalesce(s.temp_bytes, 0) AS temp_bytes,
       coalesce(s.tup_inserted, 0) AS inserted,
       coalesce(s.tup_updated, 0) AS updated,
       coalesce(s.tup_deleted, 0) AS deleted,
       s.stats_reset::text AS stats_reset,
       CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_insert_lsn()::text END AS wal_lsn,
       CASE WHEN NOT pg_is_in_recovery() THEN (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::int8 END AS wal_bytes
FROM pg_stat_database s
WHERE s.datname = current_database();
