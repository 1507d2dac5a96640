-- What waits, what found nothing, what is dead, and how old the last event is, in milliseconds. What failed on blue waits wherever
-- events belong by now, while blue owns the data.
SELECT count(*) FILTER (WHERE dead IS NULL AND (green_at IS NULL
           OR owed AND blue_at IS NULL AND coalesce((SELECT owner <> 'green' FROM greenlight.ownership), true))) AS green_waits,
       count(*) FILTER (WHERE blue_at IS NULL AND dead IS NULL AND source <> 'capture') AS blue_waits,
       count(*) FILTER (WHERE green_at IS NOT NULL AND changed = 0 AND event IS NOT NULL AND dead IS NULL) AS tombstones,
       count(*) FILTER (WHERE dead IS NOT NULL) AS dead,
       count(*) AS events,
       (extract(epoch FROM clock_timestamp() - max(arrived_at)) * 1000)::bigint AS age_ms
FROM greenlight.revocation;
