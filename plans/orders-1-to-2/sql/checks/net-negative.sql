-- Lists orders whose net is below zero once rounded to cents.
SELECT o.id
FROM orders o
WHERE round(o.net * 100) < 0
