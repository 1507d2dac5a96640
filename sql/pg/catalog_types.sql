-- Types of a schema that are not the row types of its tables, nor an extension's.
-- $1 text: the schema
SELECT t.typname::text AS name,
       t.typtype::text AS kind,
       CASE t.typtype WHEN 'e' THEN
           ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder)
       END AS labels,
       CASE t.typtype WHEN 'd' THEN
           concat_ws(' ',
               format_type(t.typbasetype, t.typtypmod),
               (SELECT 'COLLATE ' || quote_ident(c.collname)
                FROM pg_collation c JOIN pg_type b ON b.oid = t.typbasetype
                WHERE c.oid = t.typcollation AND t.typcollation <> b.typcollation),
               'DEFAULT ' || pg_get_expr(t.typdefaultbin, 0),
               CASE WHEN t.typnotnull THEN 'NOT NULL' END,
               (SELECT string_agg('CONSTRAINT ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid), ' '
                                  ORDER BY k.conname)
                FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'))
       END AS domain
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_class r ON r.oid = t.typrelid
WHERE n.nspname = $1
  AND t.typtype IN ('e', 'd', 'c', 'r', 'b')
  AND (t.typrelid = 0 OR r.relkind = 'c')
  -- The array type of another type comes and goes with it.
  AND NOT EXISTS (SELECT FROM pg_type element WHERE element.typarray = t.oid)
  AND NOT EXISTS (SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
ORDER BY t.typname;
