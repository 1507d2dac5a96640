-- Records the intent of a step, or that it goes on. $1 id, $2 counters of the world now.
INSERT INTO greenlight.step (id, base) VALUES ($1::text, $2::text::jsonb)
ON CONFLICT (id) DO UPDATE SET runs = step.runs + 1
RETURNING base::text AS base, runs, took_ms, stats::text AS stats, done_at IS NOT NULL AS done
