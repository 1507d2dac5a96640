-- Lists orders whose weight is no plain decimal number, or too heavy for an integer of grams.
SELECT o.id
FROM orders o
WHERE o.weight <> ''
  AND CASE
          WHEN o.weight ~ '^[0-9]{1,12}([.][0-9]+)?$' THEN round(o.weight::numeric * 1000) > 2147483647
          ELSE true
      END
