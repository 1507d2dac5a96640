-- How many rows of a range of pages could have a longer life. Rows that the transactions of $3 wrote, as the text of a multirange,
-- have it: nothing of them is parsed. Names as in extend.sql.
SELECT count(*)::bigint
FROM (
    SELECT (:value) AS greenlight_value
    FROM ONLY :relation AS token
    WHERE :batch AND CASE WHEN (SELECT $3::text::int8multirange) @> token.xmin::text::bigint THEN false ELSE (:live) END
    OFFSET 0
) AS greenlight_read
WHERE :due
