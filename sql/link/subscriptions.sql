-- Our subscriptions in this database, with their slots. $1 the pattern of their names.
SELECT s.subname::text AS name, s.subslotname::text AS slot, s.subenabled AS enabled, s.oid::bigint AS oid
FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
WHERE d.datname = current_database() AND s.subname LIKE $1::text
ORDER BY 1
