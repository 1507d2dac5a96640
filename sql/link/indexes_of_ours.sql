-- Indexes in these schemas ($1) whose names begin as ours do, but for the parts of a partitioned one, which go with it.
SELECT n.nspname::text AS schema, c.relname::text AS name, x.indisvalid AS valid, pg_relation_size(c.oid) AS bytes
FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY ($1::text[]) AND c.relkind IN ('i', 'I') AND NOT c.relispartition AND c.relname LIKE 'greenlight\_%'
