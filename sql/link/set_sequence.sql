-- Moves a sequence past every value that was given: blue's last one and the largest in its column.
-- $1 sequence, $2 blue's last value or null, $3 largest value in the column or null, $4 margin, $5 largest value allowed.
SELECT setval($1::text::regclass, least(greatest($2::bigint, $3::bigint) + $4::bigint, $5::bigint))
WHERE greatest($2::bigint, $3::bigint) IS NOT NULL
