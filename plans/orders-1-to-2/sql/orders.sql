-- One 2.X order from one 1.X order, its customer and its country.
--
-- Both joins keep every order: the first follows a NOT NULL foreign key, the second is LEFT.
SELECT
    o.id AS id,
    o.number AS number,
    o.customer_id AS customer_id,
    c.email AS contact_email,
    :'region' AS region,
    CASE
        WHEN o.returned_at IS NOT NULL THEN 'returned'
        WHEN o.status::text = 'new' THEN 'pending'
        ELSE o.status::text
    END AS status,
    coalesce(k.currency, 'EUR') AS currency,
    o.country AS country,
    round(o.net * 100)::bigint AS net_cents,
    round(o.tax * 100)::bigint AS tax_cents,
    o.exchange_rate AS exchange_rate,
    round(nullif(o.weight, '')::numeric * 1000)::integer AS weight_grams,
    array_remove(string_to_array(o.tags, ','), '') AS tags,
    to_jsonb(array_remove(string_to_array(o.discount_codes, '|'), '')) AS discount_codes,
    o.external_ref AS external_ref,
    o.note AS note,
    o.placed_at AS placed_at,
    coalesce(o.updated_at, o.placed_at) AS changed_at,
    o.shipped_at AT TIME ZONE 'UTC' AS shipped_at,
    o.replaces AS replaces,
    1 AS revision
FROM orders o
JOIN customers c ON c.id = o.customer_id
LEFT JOIN countries k ON k.code = o.country
WHERE :batch
