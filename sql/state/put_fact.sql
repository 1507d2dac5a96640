-- Keeps a fact. $1 name, $2 body.
INSERT INTO greenlight.fact (name, body) VALUES ($1::text, $2::text::jsonb)
ON CONFLICT (name) DO UPDATE SET body = excluded.body
