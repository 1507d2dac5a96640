-- How many rows of a range of pages still have the life that we wrote. Names as in extend.sql.
SELECT count(*)::bigint
FROM ONLY :relation AS token
JOIN (
    SELECT life AS greenlight_life, digest AS greenlight_digest, wrote AS greenlight_wrote
    FROM greenlight_tokens.lifetime_row
) AS kept ON greenlight_life = :life AND greenlight_digest = :digest AND greenlight_wrote IS NOT DISTINCT FROM (:value)::text
WHERE :batch
