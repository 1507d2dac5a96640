-- What is being done from here on. $1 the state, $2 the one before.
UPDATE greenlight_tokens.lifetime
SET state = $1::text, done_at = CASE WHEN $1::text = 'extended' THEN clock_timestamp() ELSE done_at END
WHERE state = $2::text
RETURNING true
