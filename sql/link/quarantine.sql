-- Since when data is in quarantine, until when if it is kept for so many seconds ($1), and whether that is over, by green's clock.
SELECT to_char(q.since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS since,
       to_char((q.since + $1::bigint * interval '1 second') AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS until,
       q.since + $1::bigint * interval '1 second' <= clock_timestamp() AS over
FROM (SELECT (f.body #>> '{}')::timestamptz AS since FROM greenlight.fact f WHERE f.name = 'quarantine') q
