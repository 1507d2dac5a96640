-- What green says of the way back. $1 the window in seconds, $2 the tables that are captured, $3 the schema: since when it is open,
-- until when, whether that has passed, the table that was truncated, and the captured table that notes nothing any more.
SELECT to_char(o.owned_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS since,
       to_char((o.owned_at + $1::bigint * interval '1 second') AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS until,
       o.owned_at + $1::bigint * interval '1 second' < clock_timestamp() AS over,
       (SELECT t.relation FROM greenlight.back_truncated t ORDER BY t.at LIMIT 1) AS truncated,
       (SELECT w.name FROM unnest($2::text[]) w (name)
        WHERE NOT EXISTS (SELECT FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                          WHERE n.nspname = $3::text AND c.relname = w.name AND t.tgname = 'greenlight_back' AND t.tgenabled = 'A')
           OR NOT EXISTS (SELECT FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                          WHERE n.nspname = $3::text AND c.relname = w.name AND t.tgname = 'greenlight_back_truncated' AND t.tgenabled = 'A')
        LIMIT 1) AS uncaptured
FROM greenlight.ownership o
WHERE o.owner = 'green'
