-- Events that were done on green and found nothing there: their rows may have landed since. $1 bigint: after this number;
-- $2 bigint: at most so many
SELECT n, id, kind, event::text AS event FROM greenlight.revocation
WHERE green_at IS NOT NULL AND changed = 0 AND event IS NOT NULL AND dead IS NULL AND n > $1 ORDER BY n LIMIT $2;
