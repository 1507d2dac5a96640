-- Lists orders without the time they were placed.
SELECT o.id
FROM orders o
WHERE o.placed_at IS NULL
