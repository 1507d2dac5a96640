-- Records that a step is done. $1 id, $2 statistics, $3 milliseconds that this process worked on it,
-- $4 our epoch: a holder that was taken over records nothing.
UPDATE greenlight.step
SET done_at = clock_timestamp(), stats = $2::text::jsonb, took_ms = took_ms + $3::bigint
WHERE id = $1::text AND $4::bigint = (SELECT epoch FROM greenlight.ownership)
