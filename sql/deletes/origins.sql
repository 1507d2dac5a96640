-- What was taken away, by who did it. $1 timestamptz: since; $2 timestamptz: until, or NULL; $3 text[]: tables, or NULL for all;
-- $4 text: role, or NULL; $5 text: application, or NULL; $6 text: transaction, or NULL.
-- The peak is the largest number of rows in one minute of the clock.
WITH chosen AS (
    SELECT id, at, xid, relation, op, role, application, rows FROM greenlight.removal
    WHERE at >= $1::text::timestamptz AND ($2::text IS NULL OR at < $2::text::timestamptz)
      AND ($3::text[] IS NULL OR relation = ANY ($3::text[])) AND ($4::text IS NULL OR role = $4::text)
      AND ($5::text IS NULL OR application = $5::text) AND ($6::text IS NULL OR xid = $6::text::xid8)
), minutes AS (
    SELECT relation, op, role, application, sum(rows) AS rows FROM chosen
    GROUP BY relation, op, role, application, date_trunc('minute', at)
)
SELECT c.role, c.application, c.relation, c.op, count(*) AS statements, sum(c.rows)::bigint AS rows,
       count(DISTINCT c.xid) AS transactions, min(c.xid)::text AS first_xid,
       (SELECT max(m.rows) FROM minutes m WHERE (m.relation, m.op, m.role, m.application) = (c.relation, c.op, c.role, c.application))::bigint AS peak,
       to_char(min(c.at) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS "UTC"') AS first,
       to_char(max(c.at) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS "UTC"') AS last,
       (SELECT count(*) FROM greenlight.former f JOIN chosen o ON o.id = f.removal
        WHERE (o.relation, o.op, o.role, o.application) = (c.relation, c.op, c.role, c.application) AND f.restored_at IS NOT NULL) AS restored
FROM chosen c GROUP BY c.role, c.application, c.relation, c.op ORDER BY sum(c.rows) DESC, c.relation, c.op, c.role, c.application;
