-- Moves the cursor of a walk, if it is where we think. $1 life, $2 leaf, $3 from page, $4 to page, $5 rows written.
UPDATE greenlight_tokens.lifetime_walk SET at = $4::bigint, written = written + $5::bigint
WHERE life = $1::integer AND relation = $2::text AND at = $3::bigint
