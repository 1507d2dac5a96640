-- Moves a replication slot ($1) up to a place in the WAL ($2), as far as that is flushed. Whether it is beyond that place: false
-- when it is there, NULL when it has not come there yet.
SELECT CASE
    WHEN s.confirmed_flush_lsn > $2::text::pg_lsn THEN true
    WHEN s.confirmed_flush_lsn = $2::text::pg_lsn THEN false
    WHEN (pg_replication_slot_advance(s.slot_name, $2::text::pg_lsn)).end_lsn = $2::text::pg_lsn THEN false
END AS beyond
FROM pg_replication_slots AS s
WHERE s.slot_name = $1::text
