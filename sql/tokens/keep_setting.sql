-- Keeps what a setting was before it is set. What is kept already is what it was; if it reads otherwise than it was and shall, it
-- was changed by others meanwhile. $1 place, $2 name, $3 the setting as JSON, $4 how it reads, $5 how it shall.
INSERT INTO greenlight_tokens.lifetime_setting AS kept (place, name, setting, was, wrote)
VALUES ($1::integer, $2::text, $3::text, $4::text, $5::text)
ON CONFLICT (place) DO UPDATE SET was = CASE WHEN excluded.was = kept.wrote THEN kept.was ELSE excluded.was END
