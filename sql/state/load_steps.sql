-- Every step that was begun, with the sums of its segments.
SELECT s.id, s.base::text AS base, s.stats::text AS stats, s.took_ms, s.runs,
       s.done_at IS NOT NULL AS done,
       to_char(s.begun_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS begun_at,
       to_char(s.done_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS done_at,
       coalesce(g.pages, 0)::bigint AS pages, coalesce(g.pages_done, 0)::bigint AS pages_done,
       coalesce(g.inserted, 0)::bigint AS inserted, coalesce(g.updated, 0)::bigint AS updated,
       coalesce(g.deleted, 0)::bigint AS deleted, coalesce(g.rejected, 0)::bigint AS rejected,
       coalesce(g.batches, 0)::bigint AS batches, coalesce(g.busy_ms, 0)::bigint AS busy_ms
FROM greenlight.step s
LEFT JOIN (
    SELECT step, sum(hi - lo) AS pages, sum(at - lo) AS pages_done, sum(inserted) AS inserted, sum(updated) AS updated,
           sum(deleted) AS deleted, sum(rejected) AS rejected, sum(batches) AS batches, sum(busy_ms) AS busy_ms
    FROM greenlight.segment GROUP BY step
) g ON g.step = s.id
ORDER BY s.begun_at
