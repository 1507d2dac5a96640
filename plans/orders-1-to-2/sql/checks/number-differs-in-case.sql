-- Lists orders whose number is another order's but for upper and lower case.
SELECT o.id
FROM (SELECT id, count(*) OVER (PARTITION BY lower(number)) AS twins FROM orders) o
WHERE o.twins > 1
