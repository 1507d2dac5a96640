-- Lists orders without a street to ship to.
SELECT o.id
FROM orders o
WHERE o.ship_street IS NULL
