-- Begins making lives longer: until when is decided here, on this side's clock. $1 plan, $2 side, $3 seconds, $4 lives as JSON.
INSERT INTO greenlight_tokens.lifetime (plan, side, salt, state, began_at, until, lives)
VALUES ($1::text, $2::text, gen_random_uuid()::text, 'extending', clock_timestamp(),
        date_trunc('second', clock_timestamp() + make_interval(secs => $3::float8)), $4::text)
