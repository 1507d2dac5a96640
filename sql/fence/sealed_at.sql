-- Notes how far the WAL was once the seal was committed.
UPDATE greenlight.fence SET sealed_lsn = pg_current_wal_lsn() WHERE state = 'sealed' RETURNING sealed_lsn::text
