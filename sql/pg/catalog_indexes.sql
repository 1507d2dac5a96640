-- Indexes of the tables of a schema, those that only the way back needs excepted.
-- $1 text: the schema
SELECT c.relname::text AS table_name, i.relname::text AS name,
       x.indisunique AS is_unique,
       -- The head is known to the letter, so it is cut off by its length: a name may hold anything.
       substr(pg_get_indexdef(i.oid),
              length('CREATE ' || CASE WHEN x.indisunique THEN 'UNIQUE ' ELSE '' END
                     || 'INDEX ' || quote_ident(i.relname) || ' ON '
                     || CASE WHEN i.relkind = 'I' THEN 'ONLY ' ELSE '' END
                     || quote_ident(n.nspname) || '.' || quote_ident(c.relname) || ' USING ') + 1) AS rest,
       CASE WHEN 0 <> ALL (x.indkey::int2[]) THEN
           ARRAY(SELECT a.attname::text
                 FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS key (number, place)
                 JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = key.number
                 WHERE key.place <= x.indnkeyatts
                 ORDER BY key.place)
           ELSE '{}'
       END AS columns,
       k.conname::text AS constraint_name,
       i.relispartition AS inherited,
       NOT x.indisvalid AS invalid,
       obj_description(i.oid, 'pg_class') AS comment
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_class c ON c.oid = x.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
-- A foreign key names the index that it leans on as well.
LEFT JOIN pg_constraint k ON k.conindid = i.oid AND k.conrelid = c.oid AND k.contype IN ('p', 'u', 'x')
WHERE n.nspname = $1
  AND c.relkind IN ('r', 'p')
  AND i.relname NOT LIKE 'greenlight\_back\_%'
ORDER BY c.relname, i.relname;
