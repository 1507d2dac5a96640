-- Begins to put lives back on green. $1 plan, $2 salt, $3 until when they are longer, $4 lives as JSON.
INSERT INTO greenlight_tokens.lifetime (plan, side, salt, state, began_at, until, lives)
VALUES ($1::text, 'green', $2::text, 'copying', clock_timestamp(), $3::text::timestamptz, $4::text)
