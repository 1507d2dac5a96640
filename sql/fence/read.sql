-- How the fence stands.
SELECT f.plan, f.epoch, f.turn, f.state, f.number, f.markers::text AS markers,
       to_char(f.fenced_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS "UTC"') AS fenced_at,
       to_char(f.deadline AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS "UTC"') AS deadline,
       to_char(f.sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS "UTC"') AS sealed_at,
       f.sealed_lsn::text AS sealed_lsn,
       coalesce((extract(epoch FROM f.deadline - clock_timestamp()) * 1000)::bigint, 0) AS left_ms,
       (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM greenlight.leak) AS leaked,
       (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM greenlight.rejected) AS rejected
FROM greenlight.fence f
