-- What the role of this session lacks, each with the statement that gives it.
-- $1 text: the schema; $2 bool: must read its tables; $3 bool: must own it and its tables; $4 bool: must create schemas
WITH role AS (SELECT quote_ident(current_user) AS name),
schema AS (SELECT n.oid, quote_ident(n.nspname) AS name, n.nspowner FROM pg_namespace n WHERE n.nspname = $1),
wanted AS (SELECT c.oid, s.name || '.' || quote_ident(c.relname) AS name, c.relowner
           FROM pg_class c JOIN schema s ON s.oid = c.relnamespace
           WHERE c.relkind IN ('r', 'p')
             AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass
                             AND e.objid = c.oid AND e.deptype = 'e'))
SELECT 1 AS rank, 'USAGE on schema ' || s.name AS what,
       'GRANT USAGE ON SCHEMA ' || s.name || ' TO ' || role.name AS statement
FROM schema s, role WHERE $2 AND NOT has_schema_privilege(s.oid, 'USAGE')
UNION ALL
SELECT 2, 'SELECT on table ' || w.name, 'GRANT SELECT ON TABLE ' || w.name || ' TO ' || role.name
FROM wanted w, role WHERE $2 AND NOT has_table_privilege(w.oid, 'SELECT')
UNION ALL
-- Without it the last value reads as NULL, and green's sequence would begin anew.
SELECT 2, 'SELECT on sequence ' || s.name || '.' || quote_ident(c.relname),
       'GRANT SELECT ON SEQUENCE ' || s.name || '.' || quote_ident(c.relname) || ' TO ' || role.name
FROM pg_class c JOIN schema s ON s.oid = c.relnamespace, role
-- CASE, since the function fails on what is no sequence, and conditions are taken in any order.
WHERE $2 AND CASE WHEN c.relkind = 'S' THEN NOT has_sequence_privilege(c.oid, 'SELECT, USAGE') END
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
UNION ALL
-- Policies apply to this role, so rows would be hidden (refused, since row_security is off).
SELECT 3, 'BYPASSRLS for table ' || w.name, 'ALTER ROLE ' || role.name || ' BYPASSRLS'
FROM wanted w, role WHERE $2 AND has_table_privilege(w.oid, 'SELECT') AND row_security_active(w.oid)
UNION ALL
SELECT 4, 'ownership of schema ' || s.name, 'ALTER SCHEMA ' || s.name || ' OWNER TO ' || role.name
FROM schema s, role WHERE $3 AND NOT pg_has_role(s.nspowner, 'USAGE')
UNION ALL
SELECT 5, 'ownership of table ' || w.name, 'ALTER TABLE ' || w.name || ' OWNER TO ' || role.name
FROM wanted w, role WHERE $3 AND NOT pg_has_role(w.relowner, 'USAGE')
UNION ALL
SELECT 6, 'CREATE on database ' || quote_ident(current_database()),
       'GRANT CREATE ON DATABASE ' || quote_ident(current_database()) || ' TO ' || role.name
FROM role WHERE $4 AND NOT has_database_privilege(current_database(), 'CREATE')
ORDER BY 1, 2;
