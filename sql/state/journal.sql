-- The timeline.
SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS "UTC"') AS at, epoch, step, what FROM greenlight.journal ORDER BY id
