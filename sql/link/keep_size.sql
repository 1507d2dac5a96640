-- How much WAL blue keeps for a slot at most, in bytes; NULL without a limit.
SELECT CASE WHEN setting::bigint >= 0 THEN setting::bigint * 1024 * 1024 END FROM pg_settings WHERE name = 'max_slot_wal_keep_size'
