-- What is outside of these schemas ($1) and would go, or be changed, with something that is in one of them ($2): views, functions,
-- foreign keys and defaults of others. Triggers of ours are left out.
WITH RECURSIVE reached (classid, objid) AS (
    SELECT d.classid, d.objid
    FROM pg_depend d JOIN pg_namespace n ON n.oid = d.refobjid
    WHERE d.refclassid = 'pg_namespace'::regclass AND d.deptype = 'n' AND n.nspname = $2::text
    UNION
    SELECT d.classid, d.objid
    FROM reached r JOIN pg_depend d ON d.refclassid = r.classid AND d.refobjid = r.objid
    WHERE d.deptype IN ('n', 'a', 'i', 'P', 'S')
), named (classid, objid, relation) AS (
    SELECT r.classid, r.objid,
           CASE r.classid
               WHEN 'pg_class'::regclass THEN r.objid
               WHEN 'pg_rewrite'::regclass THEN (SELECT w.ev_class FROM pg_rewrite w WHERE w.oid = r.objid)
               WHEN 'pg_trigger'::regclass THEN (SELECT t.tgrelid FROM pg_trigger t WHERE t.oid = r.objid)
               WHEN 'pg_constraint'::regclass THEN (SELECT nullif(k.conrelid, 0) FROM pg_constraint k WHERE k.oid = r.objid)
               WHEN 'pg_attrdef'::regclass THEN (SELECT a.adrelid FROM pg_attrdef a WHERE a.oid = r.objid)
               WHEN 'pg_policy'::regclass THEN (SELECT p.polrelid FROM pg_policy p WHERE p.oid = r.objid)
           END
    FROM reached r
)
SELECT DISTINCT coalesce(
           CASE WHEN m.classid = 'pg_rewrite'::regclass THEN 'view ' || m.relation::regclass::text END,
           i.type || ' ' || i.identity) AS name
FROM named m
CROSS JOIN LATERAL pg_identify_object(m.classid, m.objid, 0) i
LEFT JOIN pg_class c ON c.oid = m.relation
LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_trigger t ON m.classid = 'pg_trigger'::regclass AND t.oid = m.objid
WHERE coalesce(n.nspname::text, i.schema, '') <> ALL ($1::text[] || ARRAY['pg_toast'])
  AND NOT coalesce(t.tgisinternal OR t.tgname LIKE 'greenlight\_%', false)
ORDER BY 1
