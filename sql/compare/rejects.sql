-- Driving rows that a transform could not convert. $1 the id of its step.
SELECT relation, key FROM greenlight.reject WHERE step = $1::text ORDER BY relation, key
