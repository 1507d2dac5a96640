-- What the gate of the cutover goes by, from a part of the table: live tokens, those whose expiry SQL cannot read, those of them
-- without a bound, those that expire in the window and those that could have a longer life, and what was issued in an hour.
-- :table, :live, :expiry as a timestamp, :bound for where that is NULL, :issued, :'window' and :'horizon' in seconds, :percent of
-- the pages.
SELECT count(*) FILTER (WHERE greenlight_live)::bigint AS live,
       count(*) FILTER (WHERE greenlight_live AND greenlight_expiry IS NULL)::bigint AS unread,
       count(*) FILTER (WHERE greenlight_live AND coalesce(greenlight_expiry, greenlight_bound) IS NULL)::bigint AS unbound,
       count(*) FILTER (WHERE greenlight_live AND coalesce(greenlight_expiry, greenlight_bound) > clock_timestamp()
           AND coalesce(greenlight_expiry, greenlight_bound) <= clock_timestamp() + make_interval(secs => :'window'::float8)
       )::bigint AS soon,
       count(*) FILTER (WHERE greenlight_live AND greenlight_expiry > clock_timestamp()
           AND greenlight_expiry < clock_timestamp() + make_interval(secs => :'horizon'::float8))::bigint AS short,
       count(*) FILTER (WHERE greenlight_issued > clock_timestamp() - interval '1 hour')::bigint AS issued
FROM (
    SELECT coalesce((:live), false) AS greenlight_live, (:issued)::timestamptz AS greenlight_issued,
           CASE WHEN (:live) THEN (:expiry)::timestamptz END AS greenlight_expiry,
           (:bound)::timestamptz AS greenlight_bound
    FROM :table AS token TABLESAMPLE SYSTEM (:percent)
    OFFSET 0 -- keeps each value read once, not once for each count
) AS tokens
