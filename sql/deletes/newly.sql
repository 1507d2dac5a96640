-- What has become visible since a snapshot, by who took it away: by snapshots and not by times, since a statement may be long past
-- when its transaction commits. $1 text: the snapshot. Always one row at least, with the snapshot that it was read by.
SELECT pg_current_snapshot()::text AS seen, n.relation, n.role, n.application, n.rows
FROM (SELECT) one LEFT JOIN (
    SELECT relation, role, application, sum(rows)::bigint AS rows FROM greenlight.removal
    WHERE xid >= pg_snapshot_xmin($1::text::pg_snapshot) AND NOT pg_visible_in_snapshot(xid, $1::text::pg_snapshot)
    GROUP BY relation, role, application
) n ON true;
