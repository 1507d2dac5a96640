-- The timeline of cutovers and rollbacks: when, which step ($1), what, and how many milliseconds after writes were about to be stopped
-- (null before that).
SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS "UTC"') AS at, coalesce(step, '') AS step, what,
       (extract(epoch FROM at - max(at) FILTER (WHERE step IN ('fence', 'rollback.fence') AND what IN ('begins', 'goes on')) OVER (ORDER BY id)) * 1000)::bigint AS after_ms
FROM greenlight.journal WHERE step = ANY ($1::text[]) ORDER BY id
