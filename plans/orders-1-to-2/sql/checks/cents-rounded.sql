-- Lists orders with parts of a cent.
SELECT o.id
FROM orders o
WHERE o.net <> round(o.net, 2) OR o.tax <> round(o.tax, 2)
