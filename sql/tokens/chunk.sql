-- The next old values on blue. $1 life and $2 digest of the last one that green has, $3 how many.
SELECT life, digest, was, wrote
FROM greenlight_tokens.lifetime_row
WHERE (life, digest) > ($1::integer, $2::bytea)
ORDER BY life, digest
LIMIT $3::bigint
