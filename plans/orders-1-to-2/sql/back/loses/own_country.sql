-- Addresses in another country than their order: 1.X has one country for both.
SELECT a.order_id, a.kind, a.country
FROM order_addresses a
JOIN orders o ON o.id = a.order_id
WHERE a.country <> o.country
