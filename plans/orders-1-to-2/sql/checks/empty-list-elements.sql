-- Lists orders with an empty element in a list.
SELECT o.id
FROM orders o
WHERE (o.tags <> '' AND '' = ANY (string_to_array(o.tags, ',')))
   OR (o.discount_codes <> '' AND '' = ANY (string_to_array(o.discount_codes, '|')))
