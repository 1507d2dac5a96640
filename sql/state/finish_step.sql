-- Records that a step is done. $1 id, $2 statistics, $3 milliseconds that this process worked on it.
UPDATE greenlight.step
SET done_at = clock_timestamp(), stats = $2::text::jsonb, took_ms = took_ms + $3::bigint
WHERE id = $1::text AND done_at IS NULL
