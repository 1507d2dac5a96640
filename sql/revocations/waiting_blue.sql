-- Events that may be news to blue, the oldest first: what was captured there is none. $1 bigint: after this number;
-- $2 bigint: at most so many
SELECT n, id, kind, event::text AS event FROM greenlight.revocation
WHERE blue_at IS NULL AND dead IS NULL AND source <> 'capture' AND n > $1 ORDER BY n LIMIT $2;
