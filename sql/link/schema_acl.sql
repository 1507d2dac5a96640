-- Owner, grants and comment of a schema, to make another one like it. $1 schema.
SELECT pg_get_userbyid(n.nspowner) AS owner, obj_description(n.oid, 'pg_namespace') AS comment,
       coalesce((
           SELECT array_agg(format('GRANT %s ON SCHEMA %%I TO %s%s', a.privilege_type,
                                   CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
                                   CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
                            ORDER BY a.grantee, a.privilege_type)
           FROM aclexplode(n.nspacl) a WHERE a.grantee <> n.nspowner
       ), '{}') AS grants
FROM pg_namespace n WHERE n.nspname = $1::text
