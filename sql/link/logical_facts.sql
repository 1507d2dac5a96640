-- What a side can do for logical replication.
SELECT current_setting('wal_level') AS wal_level,
       current_setting('max_replication_slots')::int - (SELECT count(*) FROM pg_replication_slots)::int AS slots_free,
       current_setting('max_wal_senders')::int - (SELECT count(*) FROM pg_stat_replication)::int AS senders_free,
       current_setting('max_logical_replication_workers')::int AS workers,
       current_setting('max_slot_wal_keep_size') AS kept_most
