-- The run of this green with its state of ownership.
SELECT r.form, r.plan, r.migration::text AS migration, r.digests::text AS digests, r.blue, r.made_by,
       to_char(r.begun_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS begun_at,
       to_char(r.paused_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS paused_at, r.paused_by,
       o.owner, o.epoch, coalesce((to_jsonb(o) ->> 'turn')::bigint, 0) AS turn, o.holder, o.holder_pid,
       to_char(o.taken_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS taken_at,
       to_char(o.owned_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS owned_at,
       to_char((to_jsonb(o) ->> 'returned_at')::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS returned_at
FROM greenlight.run r, greenlight.ownership o
