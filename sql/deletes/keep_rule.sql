-- Until when rows are kept, and from how many rows on those of an UPDATE. $1 bigint: seconds from own on; $2 bigint: rows, or NULL
INSERT INTO greenlight.removal_rule (until, updates)
SELECT coalesce(owned_at, clock_timestamp()) + $1::bigint * interval '1 second', $2::bigint FROM greenlight.ownership
ON CONFLICT (one) DO UPDATE SET until = excluded.until, updates = excluded.updates;
