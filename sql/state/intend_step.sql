-- Records the intent of a step, or that it goes on. $1 id, $2 counters of the world now, $3 our epoch: a holder
-- that was taken over intends nothing, and gets no row.
INSERT INTO greenlight.step (id, base)
SELECT $1::text, $2::text::jsonb FROM greenlight.ownership WHERE epoch = $3::bigint
ON CONFLICT (id) DO UPDATE SET runs = step.runs + 1
RETURNING base::text AS base, runs, took_ms, stats::text AS stats, done_at IS NOT NULL AS done
