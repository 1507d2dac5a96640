-- Every order's shipping address. The customer's name stands in where 1.X left the recipient empty.
SELECT
    o.id AS order_id,
    'shipping' AS kind,
    coalesce(nullif(o.ship_name, ''), c.name) AS recipient,
    o.ship_street AS street,
    coalesce(o.ship_city, '') AS city,
    nullif(o.ship_postcode, '') AS postcode,
    o.country AS country
FROM orders o
JOIN customers c ON c.id = o.customer_id
WHERE :batch
