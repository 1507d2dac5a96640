-- Makes the lives of a range of pages longer, keeps what they were and moves the cursor, if it is where we think, in one
-- statement. Rows that others hold are left to the next pass: waiting for one could make a deadlock, and it might be the service
-- that is ended. So is a row that has changed since the statement began: what was read is of another version of it. Its xmin tells,
-- and not its place alone: older minors of PostgreSQL do not compare the place again when they have the lock.
-- What a row's life is is read once: it may have to be parsed out of much text.
-- :life its number, :relation the leaf, :table its root, :keys the key as greenlight_key_1, …, :same by which the row is found
-- again, :live which rows may be read, :value what is changed, :wrote the new one as text, :digest of the key, :due which values,
-- :set the assignments, :odd whether what was written reads otherwise, :batch the pages from $1 to before $2, :lock that of the
-- rows, :leaf the leaf's name.
WITH greenlight_picked AS MATERIALIZED (
    SELECT :keys, token.ctid AS greenlight_place, greenlight_value::text AS greenlight_was, :wrote AS greenlight_wrote,
           :digest AS greenlight_digest
    FROM (
        SELECT token.ctid AS greenlight_at, token.xmin AS greenlight_version, (:value) AS greenlight_value
        FROM ONLY :relation AS token
        WHERE :batch AND (:live)
        OFFSET 0
    ) AS greenlight_read
    JOIN ONLY :relation AS token ON token.ctid = greenlight_at AND token.xmin = greenlight_version
    WHERE :due
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
       (SELECT count(*) = 1 FROM greenlight_moved) AS moved,
       pg_current_xact_id()::text AS transaction
FROM greenlight_written
