-- Records that a step is done for which somebody waits, and the line of the timeline, at once. $1 id, $2 statistics, $3 milliseconds,
-- $4 our epoch: a holder that was taken over records nothing.
WITH line AS (INSERT INTO greenlight.journal (epoch, step, what) SELECT epoch, $1::text, 'done' FROM greenlight.ownership)
UPDATE greenlight.step
SET done_at = clock_timestamp(), stats = $2::text::jsonb, took_ms = took_ms + $3::bigint
WHERE id = $1::text AND $4::bigint = (SELECT epoch FROM greenlight.ownership)
