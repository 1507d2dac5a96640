-- What the role of this session lacks for a live sync, each with the statement that gives it.
-- $1 text: the schema; $2 bool: on blue, else on green; $3 text[]: the tables that go to green; $4 text: the publication and
-- subscription, which need nothing if they are there
WITH role AS (SELECT quote_ident(current_user) AS name, r.rolsuper, r.rolreplication
              FROM pg_roles r WHERE r.rolname = current_user),
linked AS (SELECT EXISTS (SELECT FROM pg_publication WHERE pubname LIKE $4) AS published,
                  EXISTS (SELECT FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
                          WHERE d.datname = current_database() AND s.subname LIKE $4) AS subscribed)
SELECT 1 AS rank, 'CREATE on database ' || quote_ident(current_database()) AS what,
       'GRANT CREATE ON DATABASE ' || quote_ident(current_database()) || ' TO ' || role.name AS statement
FROM role, linked WHERE $2 AND NOT published AND NOT has_database_privilege(current_database(), 'CREATE')
UNION ALL
-- Slots are dropped by it when all is over.
SELECT 2, 'REPLICATION', 'ALTER ROLE ' || role.name || ' REPLICATION'
FROM role WHERE $2 AND NOT (rolsuper OR rolreplication)
UNION ALL
-- CREATE PUBLICATION asks for ownership.
SELECT 3, 'ownership of table ' || c.oid::regclass, 'GRANT ' || c.relowner::regrole || ' TO ' || role.name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, role, linked
WHERE $2 AND NOT published AND n.nspname = $1 AND c.relname = ANY($3) AND NOT pg_has_role(c.relowner, 'USAGE')
UNION ALL
-- Changed rows are worked off through temporary tables.
SELECT 4, 'TEMPORARY on database ' || quote_ident(current_database()),
       'GRANT TEMPORARY ON DATABASE ' || quote_ident(current_database()) || ' TO ' || role.name
FROM role WHERE NOT $2 AND NOT has_database_privilege(current_database(), 'TEMPORARY')
UNION ALL
SELECT 5, 'membership in pg_create_subscription', 'GRANT pg_create_subscription TO ' || role.name
FROM role, linked
WHERE NOT $2 AND NOT subscribed AND NOT rolsuper AND current_setting('server_version_num')::int >= 160000
  AND NOT EXISTS (SELECT FROM pg_roles p WHERE p.rolname = 'pg_create_subscription' AND pg_has_role(p.oid, 'USAGE'))
UNION ALL
SELECT 6, 'SUPERUSER, which PostgreSQL before 16 wants for CREATE SUBSCRIPTION (until `run --until link` is done, `--until seed` with `seed = "copy"`)',
       'ALTER ROLE ' || role.name || ' SUPERUSER'
FROM role, linked
WHERE NOT $2 AND NOT subscribed AND NOT rolsuper AND current_setting('server_version_num')::int < 160000
ORDER BY 1, 2
