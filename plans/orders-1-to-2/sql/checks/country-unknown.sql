-- Lists orders to a country that is not in countries.
SELECT o.id
FROM orders o
WHERE NOT EXISTS (SELECT FROM countries k WHERE k.code = o.country)
