-- Seals blue, under all its locks: only a fence of ours that has neither expired nor let a write pass. $1 plan, $2 our epoch,
-- $3 number of the fence, $4 and $5 false to leave out the look at the deadline and at what leaked, for the tests.
UPDATE greenlight.fence f SET state = 'sealed', sealed_at = clock_timestamp()
WHERE f.plan = $1::text AND f.epoch = $2::bigint AND f.number = $3::bigint AND f.state = 'fenced'
  AND (f.deadline > clock_timestamp() OR NOT $4::boolean)
  AND (NOT (SELECT is_called FROM greenlight.leak) OR NOT $5::boolean)
RETURNING number
