-- Rows of a range, and how many of them have a patched column that is not what its expression gives.
-- :rows a FROM clause with its condition; :differs a condition over its rows.
SELECT count(*), count(*) FILTER (WHERE x.differs)
FROM (SELECT (:differs) AS differs FROM :rows) x
