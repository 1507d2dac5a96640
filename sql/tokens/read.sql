-- What was done to lives on this side, if anything was. $1 the side.
SELECT plan, salt, state, lives,
       to_char(began_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS began,
       to_char(until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS until_text,
       until::text AS until,
       until < clock_timestamp() AS over,
       (SELECT count(*) FROM greenlight_tokens.lifetime_row)::bigint AS kept,
       (SELECT count(*) FROM greenlight_tokens.lifetime_setting)::bigint AS settings,
       coalesce((SELECT sum(at) FROM greenlight_tokens.lifetime_walk), 0)::bigint AS pages_done,
       coalesce((SELECT sum(hi) FROM greenlight_tokens.lifetime_walk), 0)::bigint AS pages
FROM greenlight_tokens.lifetime
WHERE side = $1::text
