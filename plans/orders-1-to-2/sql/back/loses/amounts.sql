-- Orders with an amount that 1.X's columns are too small for.
SELECT o.id, o.number, o.net_cents, o.tax_cents
FROM orders o
WHERE o.net_cents > 999999999999 OR abs(o.tax_cents) > 999999999999
