-- Errors of applying and of first copies so far, over our subscriptions (PostgreSQL 15 and newer). $1 their names' pattern.
SELECT coalesce(sum(t.apply_error_count), 0)::bigint AS apply, coalesce(sum(t.sync_error_count), 0)::bigint AS sync
FROM pg_stat_subscription_stats t JOIN pg_subscription s ON s.oid = t.subid
JOIN pg_database d ON d.oid = s.subdbid
WHERE d.datname = current_database() AND s.subname LIKE $1::text
