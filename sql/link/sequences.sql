-- The sequences of a schema and the last value that each has given, if any. $1 schema.
SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = $1::text
