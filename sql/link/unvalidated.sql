-- Foreign keys that are not validated yet. $1 schema.
SELECT c.conname::text AS name, t.relname::text AS relation, r.relname::text AS referenced,
       (SELECT array_agg(a.attname::text ORDER BY k.place) FROM unnest(c.conkey) WITH ORDINALITY k (num, place)
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num) AS columns,
       (SELECT array_agg(a.attname::text ORDER BY k.place) FROM unnest(c.confkey) WITH ORDINALITY k (num, place)
        JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.num) AS referenced_columns
FROM pg_constraint c
JOIN pg_class t ON t.oid = c.conrelid
JOIN pg_class r ON r.oid = c.confrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE n.nspname = $1::text AND c.contype = 'f' AND NOT c.convalidated
ORDER BY pg_relation_size(t.oid) DESC, c.conname
