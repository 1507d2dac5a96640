-- Orders with a tag or a discount code that 1.X's lists cannot hold.
SELECT o.id, o.number, o.tags, o.discount_codes
FROM orders o
WHERE EXISTS (SELECT FROM unnest(o.tags) AS t (tag) WHERE t.tag = '' OR t.tag IS NULL OR strpos(t.tag, ',') > 0)
   OR jsonb_typeof(o.discount_codes) <> 'array'
   OR EXISTS (SELECT FROM jsonb_array_elements(CASE jsonb_typeof(o.discount_codes) WHEN 'array' THEN o.discount_codes ELSE '[]' END) AS x (code)
              WHERE jsonb_typeof(x.code) <> 'string' OR x.code IN ('""'::jsonb) OR strpos(x.code::text, '|') > 0)
