-- What writes to blue without firing the fence's triggers: workers of subscriptions that apply to this database.
SELECT count(*) FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
WHERE d.datname = current_database() AND s.subenabled
