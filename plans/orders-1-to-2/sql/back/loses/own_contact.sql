-- Orders with a contact or a currency of their own: 1.X takes them from the customer and the country.
SELECT o.id, o.number, o.contact_email, o.currency
FROM orders o
JOIN customers c ON c.id = o.customer_id
LEFT JOIN countries k ON k.code = o.country
WHERE o.contact_email::text <> c.email::text OR o.currency <> coalesce(k.currency, 'EUR')
