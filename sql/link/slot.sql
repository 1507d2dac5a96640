-- A replication slot of this server by its name ($1), and whether it is of this database.
SELECT coalesce(database, '')::text AS database, coalesce(database = current_database(), false) AS ours, active
FROM pg_replication_slots
WHERE slot_name = $1::text
