-- Constraints of the tables of a schema; NOT NULL ones (type n, from 18 on) and constraint triggers excepted.
-- $1 text: the schema
SELECT c.relname::text AS table_name, k.conname::text AS name, k.contype::text AS kind,
       pg_get_constraintdef(k.oid) AS definition,
       ARRAY(SELECT a.attname::text
             FROM unnest(k.conkey) WITH ORDINALITY AS key (number, place)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = key.number
             ORDER BY key.place) AS columns,
       CASE WHEN target_schema.nspname = n.nspname THEN target.relname::text
            ELSE target_schema.nspname || '.' || target.relname END AS target,
       NOT k.convalidated AS not_valid,
       k.conparentid <> 0 OR k.contype = 'c' AND k.coninhcount > 0 AS inherited,
       obj_description(k.oid, 'pg_constraint') AS comment
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class target ON target.oid = k.confrelid
LEFT JOIN pg_namespace target_schema ON target_schema.oid = target.relnamespace
WHERE n.nspname = $1
  AND c.relkind IN ('r', 'p')
  AND k.contype IN ('c', 'f', 'p', 'u', 'x')
  -- A foreign key to a partitioned table has a shadow on the same table for each partition there.
  AND NOT EXISTS (SELECT FROM pg_constraint whole WHERE whole.oid = k.conparentid AND whole.conrelid = k.conrelid)
ORDER BY c.relname, k.conname;
