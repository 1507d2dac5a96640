-- Every table of the namespace ($1) that a statement can name as the one it writes to, leaf partitions among them, in the order
-- in which all are locked.
SELECT c.relname::text AS name,
       EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'greenlight_fence') AS fenced
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1::text AND c.relkind IN ('r', 'p')
ORDER BY 1
