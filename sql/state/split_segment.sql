-- Cuts the end off a segment, for an idle worker. $1 step, $2 id, $3 old end, $4 new end, $5 id of the new segment.
-- The cursor must still be before the new end, or nothing is cut.
WITH cut AS (
    UPDATE greenlight.segment SET hi = $4::bigint
    WHERE step = $1::text AND id = $2::int AND hi = $3::bigint AND at <= $4::bigint
    RETURNING relation
)
INSERT INTO greenlight.segment (step, id, relation, lo, hi, at)
SELECT $1::text, $5::int, relation, $4::bigint, $3::bigint, $4::bigint FROM cut
