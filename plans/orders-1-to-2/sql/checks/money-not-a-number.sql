-- Lists orders whose net or tax is NaN.
SELECT o.id
FROM orders o
WHERE o.net = 'NaN' OR o.tax = 'NaN'
