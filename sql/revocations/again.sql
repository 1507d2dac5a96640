-- Events that were done on green and may have missed rows that were not there: those that found nothing, and all since a time.
-- $1 bigint: after this number; $2 bigint: at most so many; $3 text: the time
SELECT n, id, kind, event::text AS event FROM greenlight.revocation
WHERE green_at IS NOT NULL AND (changed = 0 OR green_at >= $3::text::timestamptz) AND event IS NOT NULL AND dead IS NULL AND n > $1
ORDER BY n LIMIT $2;
