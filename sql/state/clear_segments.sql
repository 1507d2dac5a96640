-- Forgets the segments of a step. $1 step.
DELETE FROM greenlight.segment WHERE step = $1::text
