-- Orders whose total has parts of a cent.
SELECT o.id FROM orders AS o WHERE o.total <> round(o.total, 2)
