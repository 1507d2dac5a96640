-- What was taken away while nobody looked, by minutes, and how many seconds ago the last of it. $1 text: the snapshot of who looked
-- last, NULL if nobody has. Always one row at least, with the snapshot that it was read by.
SELECT pg_current_snapshot()::text AS seen, m.relation, m.role, m.application, m.rows, m.minute, m.ago
FROM (SELECT) one LEFT JOIN (
    SELECT relation, role, application, sum(rows)::bigint AS rows,
           extract(epoch FROM date_trunc('minute', at))::bigint AS minute,
           extract(epoch FROM clock_timestamp() - max(at))::bigint AS ago
    FROM greenlight.removal
    WHERE $1::text IS NULL OR NOT pg_visible_in_snapshot(xid, $1::text::pg_snapshot)
    GROUP BY relation, role, application, date_trunc('minute', at)
) m ON true;
