-- The functions of a schema ($1), as DROP FUNCTION names them.
SELECT p.oid::regprocedure::text AS name
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = $1::text AND p.prokind = 'f'
ORDER BY 1
