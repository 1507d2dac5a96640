-- Makes the lives of a range of pages longer, keeps what they were and moves the cursor, if it is where we think, in one
-- statement. Rows that others hold are left to the next pass: waiting for one could make a deadlock, and it might be the service
-- that is ended. A row that has changed since the statement began is looked at again as it is now, when it is locked: so :due
-- reads the row itself, for what a subquery beside it gave would be that of before.
-- :life its number, :relation the leaf, :table its root, :keys the key as greenlight_key_1, …, :same by which the row is found
-- again, :value what is changed, :wrote the new one as text, :digest of the key, :due which rows, :set the assignments,
-- :odd whether what was written reads otherwise, :batch the pages from $1 to before $2, :lock that of the rows,
-- :leaf the leaf's name.
WITH greenlight_picked AS MATERIALIZED (
    SELECT :keys, (:value)::text AS greenlight_was, :wrote AS greenlight_wrote, :digest AS greenlight_digest
    FROM ONLY :relation AS token
    WHERE :batch AND (:due)
    :lock
),
greenlight_written AS (
    UPDATE :table AS token SET :set
    FROM greenlight_picked
    WHERE :same
    RETURNING greenlight_digest, greenlight_was, greenlight_wrote, (:value)::text AS greenlight_now
),
greenlight_kept AS (
    INSERT INTO greenlight_tokens.lifetime_row (life, digest, was, wrote)
    SELECT :life, greenlight_digest, greenlight_was, greenlight_now FROM greenlight_written
    ON CONFLICT (life, digest) DO UPDATE SET was = excluded.was, wrote = excluded.wrote
),
greenlight_moved AS (
    UPDATE greenlight_tokens.lifetime_walk SET at = $2, written = written + (SELECT count(*) FROM greenlight_written)
    WHERE life = :life AND relation = :leaf AND at = $1
    RETURNING at
)
SELECT count(*)::bigint AS written, count(*) FILTER (WHERE :odd)::bigint AS odd,
       (SELECT count(*) = 1 FROM greenlight_moved) AS moved
FROM greenlight_written
