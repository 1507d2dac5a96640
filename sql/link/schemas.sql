-- Which of the schemas that we know are there. $1 names.
SELECT nspname::text FROM pg_namespace WHERE nspname = ANY($1::text[])
