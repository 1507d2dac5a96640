-- Ends the workers of our subscriptions that are still there, and names them. $1 the pattern of the subscriptions' names.
SELECT w.pid, pg_terminate_backend(w.pid) AS told
FROM pg_stat_subscription w WHERE w.subname LIKE $1::text AND w.pid IS NOT NULL
