-- Pauses a run. $1 who.
UPDATE greenlight.run SET paused_at = coalesce(paused_at, clock_timestamp()), paused_by = coalesce(paused_by, $1::text)
