-- Tables whose statistics were read since a step was first begun. $1 step.
SELECT t.schemaname::text, t.relname::text
FROM pg_stat_user_tables t JOIN greenlight.step s ON s.id = $1::text
WHERE t.last_analyze >= s.begun_at
