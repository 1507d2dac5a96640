-- Row security policies of a schema, each as the text after CREATE POLICY name ON table.
-- $1 text: the schema
SELECT c.relname::text AS table_name, p.polname::text AS name,
       concat_ws(' ',
           'AS', CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
           'FOR', CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
                                WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
           'TO', (SELECT string_agg(role.name, ', ' ORDER BY role.name)
                  FROM unnest(p.polroles) AS r (oid),
                       LATERAL (SELECT CASE r.oid WHEN 0 THEN 'PUBLIC'
                                                  ELSE quote_ident(pg_get_userbyid(r.oid)) END) AS role (name)),
           'USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
           'WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')') AS definition
FROM pg_policy p
JOIN pg_class c ON c.oid = p.polrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1
ORDER BY c.relname, p.polname;
