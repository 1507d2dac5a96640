-- User triggers of the tables of a schema; a partition's copies of its parent's excepted, and those of
-- a cutover that is under way, of a capture of revocations, of the way back or of guarded deletes: they are no part of the schema.
-- $1 text: the schema
SELECT c.relname::text AS table_name, t.tgname::text AS name,
       substr(def.text, 1, strpos(def.text, def.place) - 1) AS head,
       substr(def.text, strpos(def.text, def.place) + length(def.place)) AS tail,
       t.tgenabled::text AS enabled
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT pg_get_triggerdef(t.oid) AS text,
                           ' ON ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname) || ' ' AS place) def
WHERE n.nspname = $1
  AND c.relkind IN ('r', 'p')
  AND NOT t.tgisinternal
  AND t.tgparentid = 0
  AND t.tgname NOT IN ('greenlight_fence', 'greenlight_guard', 'greenlight_back', 'greenlight_back_truncated',
                       'greenlight_deletes', 'greenlight_deletes_updated', 'greenlight_deletes_truncated')
  AND t.tgname NOT LIKE 'greenlight\_revocation\_%'
ORDER BY c.relname, t.tgname;
