-- Tables of a schema, partitions among them, without those of extensions.
-- $1 text: the schema
SELECT c.relname::text AS name,
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partition_key,
       parent.relname::text AS parent,
       pg_get_expr(c.relpartbound, c.oid) AS bound,
       c.relrowsecurity AS row_security, c.relforcerowsecurity AS force_row_security,
       c.relreplident::text || coalesce(':' || identity.relname, '') AS replica_identity,
       pg_get_userbyid(c.relowner)::text AS owner,
       obj_description(c.oid, 'pg_class') AS comment,
       ARRAY(SELECT CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(g.grantee)::text END
                    || '=' || g.privilege_type || CASE WHEN g.is_grantable THEN '*' ELSE '' END
             FROM aclexplode(c.relacl) g WHERE g.grantee <> c.relowner
             ORDER BY 1) AS grants,
       coalesce(c.reloptions, '{}')
           || ARRAY(SELECT 'toast.' || o FROM pg_class toast, unnest(toast.reloptions) o
                    WHERE toast.oid = c.reltoastrelid) AS options,
       c.relpersistence = 'u' AS unlogged,
       EXISTS (
           -- Rules of views and of other tables, functions with an SQL body, policies and defaults of other tables.
           SELECT FROM pg_depend d
           LEFT JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
           LEFT JOIN pg_policy p ON d.classid = 'pg_policy'::regclass AND p.oid = d.objid
           LEFT JOIN pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
           WHERE d.deptype = 'n'
             AND (d.refclassid = 'pg_class'::regclass
                      AND (d.refobjid = c.oid
                           -- A sequence goes with the column that owns it.
                           OR d.refobjid IN (SELECT s.objid FROM pg_depend s JOIN pg_class q ON q.oid = s.objid
                                             WHERE s.classid = 'pg_class'::regclass
                                               AND s.refclassid = 'pg_class'::regclass
                                               AND s.refobjid = c.oid AND s.refobjsubid > 0
                                               AND s.deptype IN ('a', 'i') AND q.relkind = 'S'))
                  OR d.refclassid = 'pg_type'::regclass
                      AND d.refobjid IN (c.reltype, (SELECT t.typarray FROM pg_type t WHERE t.oid = c.reltype)))
             AND (w.ev_class <> c.oid OR p.polrelid <> c.oid OR f.adrelid <> c.oid
                  OR d.classid = 'pg_proc'::regclass
                  OR d.classid = 'pg_class'::regclass AND d.objid <> c.oid AND d.refclassid = 'pg_type'::regclass)
       ) AS has_dependents
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND c.relispartition
LEFT JOIN pg_class parent ON parent.oid = i.inhparent
LEFT JOIN pg_index x ON x.indrelid = c.oid AND x.indisreplident AND c.relreplident = 'i'
LEFT JOIN pg_class identity ON identity.oid = x.indexrelid
WHERE n.nspname = $1
  AND c.relkind IN ('r', 'p')
  AND NOT EXISTS (SELECT FROM pg_depend e
                  WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
ORDER BY c.relname;
