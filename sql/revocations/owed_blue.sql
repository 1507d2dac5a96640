-- Events that failed on blue and are no dead letters any more, the oldest first. $1 bigint: after this number; $2 bigint: at most
-- so many
SELECT n, id, kind, event::text AS event FROM greenlight.revocation
WHERE owed AND blue_at IS NULL AND dead IS NULL AND n > $1 ORDER BY n LIMIT $2;
