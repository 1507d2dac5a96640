-- Our replication slots on blue: those of the subscriptions, by their pattern ($1), and those of first copies, by the system
-- identifier of green at the end of their names ($2).
SELECT slot_name::text AS name, active, coalesce(wal_status, '') AS wal_status,
       CASE WHEN restart_lsn IS NULL OR pg_is_in_recovery() THEN NULL
            ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint END AS kept
FROM pg_replication_slots
WHERE database = current_database()
  AND (slot_name LIKE $1::text OR slot_name ~ ('^pg_[0-9]+_sync_[0-9]+_' || $2::text || '$'))
ORDER BY 1
