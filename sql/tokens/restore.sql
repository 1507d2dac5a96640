-- Puts the old lives of a range of pages back, where the row still has the value that we wrote, forgets them and moves the cursor,
-- in one statement. Each row of the range looks its old value up by its digest: OFFSET 0 keeps the planner from the other way round.
-- Names as in extend.sql; :unchanged says that the row has it.
WITH greenlight_picked AS MATERIALIZED (
    SELECT :keys, greenlight_was, greenlight_digest
    FROM ONLY :relation AS token
    CROSS JOIN LATERAL (
        SELECT kept.digest AS greenlight_digest, kept.was AS greenlight_was, kept.wrote AS greenlight_wrote
        FROM greenlight_tokens.lifetime_row AS kept
        WHERE kept.life = :life AND kept.digest = :digest
        OFFSET 0
    ) AS old
    WHERE :batch AND :unchanged
    :lock
),
greenlight_written AS (
    UPDATE :table AS token SET :set
    FROM greenlight_picked
    WHERE :same
    RETURNING greenlight_digest, greenlight_was, (:value)::text AS greenlight_now
),
greenlight_forgotten AS (
    DELETE FROM greenlight_tokens.lifetime_row
    WHERE life = :life AND digest = ANY (ARRAY (SELECT greenlight_digest FROM greenlight_written))
),
greenlight_moved AS (
    UPDATE greenlight_tokens.lifetime_walk SET at = $2, written = written + (SELECT count(*) FROM greenlight_written)
    WHERE life = :life AND relation = :leaf AND at = $1
    RETURNING at
)
SELECT count(*)::bigint AS written,
       count(*) FILTER (WHERE greenlight_now IS DISTINCT FROM greenlight_was)::bigint AS odd,
       (SELECT count(*) = 1 FROM greenlight_moved) AS moved
FROM greenlight_written
