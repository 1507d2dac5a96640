-- One 1.X order from one 2.X order and its addresses.
--
-- 2.X holds money in cents, weight in grams and the filled-in recipient: 1.X gets these. A return of 2.X has no time and no
-- status before it: 1.X gets the last change and `shipped`.
SELECT
    o.id AS id,
    o.number AS number,
    o.customer_id AS customer_id,
    CASE o.status::text WHEN 'pending' THEN 'new' WHEN 'returned' THEN 'shipped' ELSE o.status::text END AS status,
    least(o.net_cents, 999999999999) / 100.0 AS net,
    greatest(least(o.tax_cents, 999999999999), -999999999999) / 100.0 AS tax,
    o.exchange_rate AS exchange_rate,
    coalesce(trim_scale(o.weight_grams / 1000.0)::text, '') AS weight,
    array_to_string(o.tags, ',') AS tags,
    coalesce((SELECT string_agg(x.code, '|' ORDER BY x.n)
              FROM jsonb_array_elements_text(CASE jsonb_typeof(o.discount_codes) WHEN 'array' THEN o.discount_codes ELSE '[]' END)
                  WITH ORDINALITY AS x (code, n)), '') AS discount_codes,
    o.external_ref AS external_ref,
    o.note AS note,
    o.country AS country,
    s.recipient AS ship_name,
    s.street AS ship_street,
    s.city AS ship_city,
    s.postcode AS ship_postcode,
    nullif(b.recipient, '(not given)') AS bill_name,
    b.street AS bill_street,
    b.city AS bill_city,
    b.postcode AS bill_postcode,
    o.placed_at AS placed_at,
    nullif(o.changed_at, o.placed_at) AS updated_at,
    o.shipped_at AT TIME ZONE 'UTC' AS shipped_at,
    CASE WHEN o.status::text = 'returned' THEN o.changed_at END AS returned_at,
    o.replaces AS replaces
FROM orders o
LEFT JOIN order_addresses s ON s.order_id = o.id AND s.kind = 'shipping'
LEFT JOIN order_addresses b ON b.order_id = o.id AND b.kind = 'billing'
WHERE :batch
