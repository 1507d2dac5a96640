-- Keeps the key of a row that could not be converted. $1 step, $2 relation, $3 key, $4 reason without values.
INSERT INTO greenlight.reject (step, relation, key, reason) VALUES ($1::text, $2::text, $3::text, $4::text)
ON CONFLICT (step, relation, key) DO UPDATE SET reason = excluded.reason, at = clock_timestamp()
