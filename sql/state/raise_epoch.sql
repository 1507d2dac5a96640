-- Takes the lease: the old holder's next transaction finds another epoch and does nothing. $1 holder, $2 its backend.
UPDATE greenlight.ownership SET epoch = epoch + 1, holder = $1::text, holder_pid = $2::int, taken_at = clock_timestamp()
RETURNING epoch
