-- Keeps a fact, under our epoch only: what a holder learned that was taken over is not what the next one goes by.
-- $1 name, $2 body, $3 epoch.
INSERT INTO greenlight.fact (name, body)
SELECT $1::text, $2::text::jsonb
FROM greenlight.ownership o
WHERE o.epoch = $3
ON CONFLICT (name) DO UPDATE SET body = excluded.body
