-- Puts the marker, a new one for another capture. $1 text: the plan; $2 text: the digest of what is captured
INSERT INTO greenlight_revocations.marker (plan, captured) VALUES ($1, $2)
ON CONFLICT (one) DO UPDATE SET id = gen_random_uuid(), plan = excluded.plan, captured = excluded.captured, at = clock_timestamp()
WHERE marker.plan <> excluded.plan OR marker.captured <> excluded.captured;
