-- How much is kept: statements, rows, bytes, and until when. No row if nothing is kept on this green.
SELECT (SELECT count(*) FROM greenlight.removal) AS statements, (SELECT coalesce(sum(rows), 0)::bigint FROM greenlight.removal) AS rows,
       pg_total_relation_size('greenlight.removal') + pg_total_relation_size('greenlight.former') AS bytes,
       to_char(r.until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS until, r.until < clock_timestamp() AS over
FROM greenlight.removal_rule r;
