-- Whether a schema ($1) is there and has nothing in it.
SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1::text)
   AND NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1::text)
   AND NOT EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = $1::text)
