-- An order of 2.X keeps the customer's name and its total in cents.
SELECT o.id,
       o.customer_id,
       c.name AS customer_name,
       round(o.total * 100)::bigint AS total_cents,
       o.state,
       o.placed_at
FROM orders AS o
JOIN customers AS c ON c.id = o.customer_id
WHERE :batch
