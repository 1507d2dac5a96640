-- Extensions with objects in a schema.
-- $1 text: the schema
WITH member (class, object) AS (
    SELECT 'pg_class'::regclass, c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1
    UNION ALL
    SELECT 'pg_type'::regclass, t.oid FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = $1
    UNION ALL
    SELECT 'pg_proc'::regclass, p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = $1
    UNION ALL
    SELECT 'pg_operator'::regclass, o.oid FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
    WHERE n.nspname = $1
)
SELECT x.extname::text AS name
FROM pg_extension x
LEFT JOIN pg_namespace n ON n.oid = x.extnamespace
WHERE n.nspname = $1
   OR EXISTS (SELECT FROM pg_depend d JOIN member m ON m.class = d.classid AND m.object = d.objid
              WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = x.oid AND d.deptype = 'e')
ORDER BY 1;
