-- What of ours is on green: schemas with the number and size of their tables. $1 names of our schemas.
SELECT n.nspname::text AS schema,
       count(c.oid) FILTER (WHERE c.relkind IN ('r', 'p')) AS tables,
       coalesce(sum(pg_total_relation_size(c.oid)) FILTER (WHERE c.relkind IN ('r', 'm')), 0)::bigint AS bytes
FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid
WHERE n.nspname = ANY($1::text[])
GROUP BY n.nspname ORDER BY n.nspname
