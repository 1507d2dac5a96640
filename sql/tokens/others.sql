-- How many tables besides those of lives the schema holds.
SELECT count(*)::bigint
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'greenlight_tokens' AND c.relkind IN ('r', 'p', 'S', 'v') AND c.relname NOT LIKE 'lifetime%'
