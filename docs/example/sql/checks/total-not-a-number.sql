-- Orders whose total has no value in cents.
SELECT o.id FROM orders AS o WHERE o.total = 'NaN'
