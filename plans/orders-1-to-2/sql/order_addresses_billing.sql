-- The billing address of the orders that have one. An order that loses its own loses the 2.X row.
SELECT
    o.id AS order_id,
    'billing' AS kind,
    coalesce(nullif(o.bill_name, ''), '(not given)') AS recipient,
    o.bill_street AS street,
    coalesce(o.bill_city, '') AS city,
    nullif(o.bill_postcode, '') AS postcode,
    o.country AS country
FROM orders o
WHERE :batch
  AND o.bill_street IS NOT NULL
