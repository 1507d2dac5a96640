-- The segments of a step. $1 step.
SELECT id, relation, lo, hi, at, inserted, updated, deleted, rejected, batches
FROM greenlight.segment WHERE step = $1::text ORDER BY id
