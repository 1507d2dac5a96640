-- Reads a fact. $1 name.
SELECT body::text FROM greenlight.fact WHERE name = $1::text
