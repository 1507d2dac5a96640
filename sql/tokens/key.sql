-- The columns of a table's primary key in its order. $1 schema, $2 table.
SELECT a.attname::text AS name
FROM pg_index i
JOIN pg_class c ON c.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (number, place)
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
WHERE n.nspname = $1::text AND c.relname = $2::text AND i.indisprimary
ORDER BY k.place
