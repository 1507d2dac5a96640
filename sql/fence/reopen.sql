-- Blue owns the data again: its seal is opened, and its turn is a higher one than green's. $1 plan, $2 our epoch, $3 the turn.
-- No row: a later orchestrator was here, or blue is not sealed.
UPDATE greenlight.fence
SET state = 'open', turn = $3::bigint, deadline = NULL, sealed_at = NULL, sealed_lsn = NULL
WHERE plan = $1::text AND epoch = $2::bigint AND state = 'sealed' AND turn < $3::bigint
RETURNING turn
