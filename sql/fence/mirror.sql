-- Mirrors green's epoch on blue, and makes the fence this plan's. $1 plan, $2 epoch. No row: a higher epoch was here, or another
-- plan's fence stands.
INSERT INTO greenlight.fence AS f (plan, epoch) VALUES ($1::text, $2::bigint)
ON CONFLICT (one) DO UPDATE SET plan = EXCLUDED.plan, epoch = EXCLUDED.epoch
WHERE f.plan = EXCLUDED.plan AND f.epoch <= EXCLUDED.epoch OR f.plan <> EXCLUDED.plan AND f.state = 'open'
RETURNING epoch
