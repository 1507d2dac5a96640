-- Puts the old lives of a range of pages back, where the row still has the value that we wrote, and forgets them, in one
-- statement. Names as in extend.sql; :unchanged says that it has.
WITH greenlight_picked AS MATERIALIZED (
    SELECT :keys, greenlight_was, greenlight_digest
    FROM ONLY :relation AS token
    JOIN (
        SELECT life AS greenlight_life, digest AS greenlight_digest, was AS greenlight_was, wrote AS greenlight_wrote
        FROM greenlight_tokens.lifetime_row
    ) AS kept ON greenlight_life = :life AND greenlight_digest = :digest AND :unchanged
    WHERE :batch
    :lock
),
greenlight_written AS (
    UPDATE :table AS token SET :set
    FROM greenlight_picked
    WHERE :same
    RETURNING greenlight_digest, greenlight_was, (:value)::text AS greenlight_now
),
greenlight_forgotten AS (
    DELETE FROM greenlight_tokens.lifetime_row USING greenlight_written
    WHERE life = :life AND digest = greenlight_digest
)
SELECT count(*)::bigint AS written,
       count(*) FILTER (WHERE greenlight_now IS DISTINCT FROM greenlight_was)::bigint AS odd
FROM greenlight_written
