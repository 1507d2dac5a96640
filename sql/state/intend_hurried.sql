-- Records the intent of a step for which somebody waits, and the line of the timeline, at once. $1 id, $2 no counters,
-- $3 our epoch: a holder that was taken over intends nothing, and gets no row.
WITH step AS (
    INSERT INTO greenlight.step (id, base)
    SELECT $1::text, $2::text::jsonb FROM greenlight.ownership WHERE epoch = $3::bigint
    ON CONFLICT (id) DO UPDATE SET runs = step.runs + 1
    RETURNING base::text AS base, runs, took_ms, stats::text AS stats, done_at IS NOT NULL AS done
), line AS (
    INSERT INTO greenlight.journal (epoch, step, what)
    SELECT epoch, $1::text, CASE WHEN runs > 1 THEN 'goes on' ELSE 'begins' END FROM greenlight.ownership, step WHERE NOT done
)
SELECT base, runs, took_ms, stats, done FROM step
