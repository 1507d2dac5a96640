-- Columns of the tables of a schema, in the order of each table.
-- $1 text: the schema
WITH RECURSIVE base AS (
    -- From each type that a column has, down its domains.
    SELECT t.oid AS origin, t.oid, t.typtype, t.typname, t.typbasetype, t.typsubscript, 0 AS depth
    FROM pg_type t
    WHERE t.oid IN (SELECT a.atttypid FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                    JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped)
    UNION ALL
    SELECT b.origin, t.oid, t.typtype, t.typname, t.typbasetype, t.typsubscript, b.depth + 1
    FROM base b JOIN pg_type t ON t.oid = b.typbasetype
    WHERE b.typtype = 'd'
)
SELECT c.relname::text AS table_name, a.attname::text AS name,
       format_type(a.atttypid, a.atttypmod) AS type_name,
       a.attnotnull AS not_null,
       -- From 18 on NOT NULL is a constraint (of type n) that may be NOT VALID.
       EXISTS (SELECT FROM pg_constraint k
               WHERE k.conrelid = c.oid AND k.contype = 'n' AND NOT k.convalidated
                 AND k.conkey = ARRAY[a.attnum]) AS has_nulls,
       CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END AS default_text,
       CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END AS generated,
       a.attgenerated = 'v' AS virtual,
       CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END AS identity,
       (SELECT o.collname::text FROM pg_collation o
        WHERE o.oid = a.attcollation AND a.attcollation <> t.typcollation) AS collation,
       -- Not set is -1 up to 16, NULL from 17 on.
       CASE WHEN a.attstattarget >= 0 THEN a.attstattarget::int END AS statistics,
       col_description(c.oid, a.attnum) AS comment,
       CASE
           WHEN b.typtype = 'e' THEN 'enum'
           WHEN b.typtype = 'c' THEN 'composite'
           WHEN b.typtype = 'r' THEN 'range'
           WHEN b.typtype = 'm' THEN 'multirange'
           WHEN b.typsubscript = 'array_subscript_handler'::regproc THEN 'array'
           ELSE b.typname::text
       END AS base,
       ARRAY(SELECT CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(g.grantee)::text END
                    || '=' || g.privilege_type || CASE WHEN g.is_grantable THEN '*' ELSE '' END
             FROM aclexplode(a.attacl) g WHERE g.grantee <> c.relowner
             ORDER BY 1) AS grants
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
JOIN base b ON b.origin = a.atttypid AND b.typtype <> 'd'
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE n.nspname = $1
  AND c.relkind IN ('r', 'p')
  AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY c.relname, a.attnum;
