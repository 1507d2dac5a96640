-- Dead letters, the oldest first, without a value of theirs. $1 bigint: at most so many
SELECT n, source, place, kind, dead, to_char(arrived_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS at
FROM greenlight.revocation WHERE dead IS NOT NULL ORDER BY n LIMIT $1;
