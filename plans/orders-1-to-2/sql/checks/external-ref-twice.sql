-- Lists orders that share their external reference with another.
SELECT o.id
FROM (SELECT id, count(*) OVER (PARTITION BY external_ref) AS twins FROM orders WHERE external_ref IS NOT NULL) o
WHERE o.twins > 1
