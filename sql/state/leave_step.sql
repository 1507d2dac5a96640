-- Keeps the time that was spent on a step which is not done. $1 id, $2 statistics so far, $3 milliseconds, $4 our epoch.
UPDATE greenlight.step SET stats = $2::text::jsonb, took_ms = took_ms + $3::bigint
WHERE id = $1::text AND done_at IS NULL AND $4::bigint = (SELECT epoch FROM greenlight.ownership)
