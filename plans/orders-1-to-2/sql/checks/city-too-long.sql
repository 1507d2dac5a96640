-- Lists orders with a city of more than 60 characters.
SELECT o.id
FROM orders o
WHERE char_length(o.ship_city) > 60
   OR (o.bill_street IS NOT NULL AND char_length(o.bill_city) > 60)
