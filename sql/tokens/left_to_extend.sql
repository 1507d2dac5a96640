-- How many rows of a range of pages could have a longer life. Names as in extend.sql.
SELECT count(*)::bigint FROM ONLY :relation AS token WHERE :batch AND (:due)
