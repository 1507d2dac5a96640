-- Who has paused the batches and since when; NULLs if nobody has.
SELECT to_char(paused_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS paused_at, paused_by FROM greenlight.run
