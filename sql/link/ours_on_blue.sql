-- What of the live sync's is in the schema `greenlight` on blue: relations of ours, and whether there is anything else (the
-- record of an earlier migration, of which this blue was the green).
SELECT coalesce(array_agg(format('%I.%I', n.nspname, c.relname)) FILTER (WHERE c.relname ~ '^marker_' OR c.relname = 'link'), '{}')::text[] AS ours,
       count(*) FILTER (WHERE NOT (c.relname ~ '^marker_' OR c.relname = 'link')) > 0 AS others
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'greenlight' AND c.relkind NOT IN ('i', 'I', 't')
