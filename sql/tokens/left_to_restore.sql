-- How many rows of a range of pages still have the life that we wrote. Names as in extend.sql.
SELECT count(*)::bigint
FROM ONLY :relation AS token
CROSS JOIN LATERAL (
    SELECT kept.wrote AS greenlight_wrote
    FROM greenlight_tokens.lifetime_row AS kept
    WHERE kept.life = :life AND kept.digest = :digest
    OFFSET 0
) AS old
WHERE :batch AND greenlight_wrote IS NOT DISTINCT FROM (:value)::text
