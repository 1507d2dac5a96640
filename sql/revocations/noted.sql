-- What the capture has noted behind a place, and the oldest transaction that is still under way: everything before that one
-- is seen by this snapshot. $1 text: the place's transaction; $2 bigint: its id; $3 bigint: at most so many rows
SELECT n.id, n.kind, n.event::text AS event, n.xid::text AS xid, pg_snapshot_xmin(pg_current_snapshot())::text AS horizon
FROM (SELECT 1) AS one
LEFT JOIN (SELECT id, kind, event, xid FROM greenlight_revocations.noted
           WHERE (xid, id) > ($1::text::xid8, $2::bigint) ORDER BY xid, id LIMIT $3) AS n ON true
ORDER BY n.xid, n.id;
