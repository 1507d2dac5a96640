-- Landing tables that a TRUNCATE on blue has emptied.
SELECT coalesce(string_agg(relation, ', ' ORDER BY relation), '') FROM greenlight.truncated
