-- Moves a replication slot ($1) up to a place in the WAL ($2), as far as that is flushed; whether it has come there.
SELECT (pg_replication_slot_advance($1::text::name, $2::text::pg_lsn)).end_lsn >= $2::text::pg_lsn AS there
