-- The deadline of a fence that holds all its locks, on blue's clock. $1 milliseconds from now, $2 markers, $3 our epoch.
UPDATE greenlight.fence
SET fenced_at = clock_timestamp(), deadline = clock_timestamp() + $1::bigint * interval '1 millisecond', markers = $2::text::jsonb
WHERE epoch = $3::bigint
RETURNING deadline::text
