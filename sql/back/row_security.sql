-- The tables of these ($2) in the schema ($1) whose row security would hide rows from this role, or refuse them.
SELECT c.relname::text AS name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1::text AND c.relname = ANY ($2::text[]) AND row_security_active(c.oid)
ORDER BY 1
