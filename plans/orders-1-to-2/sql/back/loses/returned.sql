-- Orders that were returned: 2.X does not say when, nor what they were before.
SELECT o.id, o.number, o.changed_at
FROM orders o
WHERE o.status::text = 'returned'
