-- Counters of this database, and the position of the WAL in bytes. Others' work is in all of them.
SELECT temp_files, temp_bytes, xact_commit AS commits,
       pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint AS wal
FROM pg_stat_database WHERE datname = current_database()
