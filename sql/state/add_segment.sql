-- Adds a segment. $1 step, $2 id, $3 relation, $4 first page, $5 page after the last.
INSERT INTO greenlight.segment (step, id, relation, lo, hi, at)
VALUES ($1::text, $2::int, $3::text, $4::bigint, $5::bigint, $4::bigint)
