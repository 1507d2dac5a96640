-- Keeps old values of blue on green. $1 lives, $2 digests, $3 what they were, $4 what was written.
INSERT INTO greenlight_tokens.lifetime_row (life, digest, was, wrote)
SELECT r.life, r.digest, r.was, r.wrote
FROM unnest($1::integer[], $2::bytea[], $3::text[], $4::text[]) AS r (life, digest, was, wrote)
ON CONFLICT (life, digest) DO NOTHING
