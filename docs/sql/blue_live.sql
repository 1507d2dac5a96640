-- What a live sync (`sync.mode = "logical"`) needs on blue, besides blue_role.sql and after it. Run as a superuser, in blue's
-- database:
--
--   psql -v role=greenlight_blue -v replication=greenlight_replication -v schema=public -v owner=app \
--        -f docs/sql/blue_live.sql DATABASE
--
-- `role` and `schema` as for blue_role.sql; `replication` is the role of `blue.seen_from_green`, as which green's server
-- logs in; `owner` owns the tables. `\password greenlight_replication` in psql sets a password without showing it.

-- Green's server streams blue's WAL and copies the tables: it reads, and can write nothing.
CREATE ROLE :"replication" LOGIN REPLICATION NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
GRANT CONNECT ON DATABASE :"DBNAME" TO :"replication";
GRANT USAGE ON SCHEMA :"schema" TO :"replication";
GRANT SELECT ON ALL TABLES IN SCHEMA :"schema" TO :"replication";

-- The markers, which greenlight makes in a schema `greenlight`. Green's server copies them at once, so its rights have to be
-- there before they are.
ALTER DEFAULT PRIVILEGES FOR ROLE :"role" GRANT USAGE ON SCHEMAS TO :"replication";
ALTER DEFAULT PRIVILEGES FOR ROLE :"role" GRANT SELECT ON TABLES TO :"replication";
GRANT CREATE ON DATABASE :"DBNAME" TO :"role";

-- To drop the replication slot when all is over.
ALTER ROLE :"role" REPLICATION;

-- CREATE PUBLICATION … FOR TABLE asks for ownership of the tables. This lets the role write them, too; docs/privileges.md
-- has a way without it.
GRANT :"owner" TO :"role";

-- The cutover: the fence's trigger on every table, later ones too. (Members of the owner may already.)
GRANT TRIGGER ON ALL TABLES IN SCHEMA :"schema" TO :"role";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA :"schema" GRANT TRIGGER ON TABLES TO :"role";
-- Who is in its way: open transactions, vacuum, standbys.
GRANT pg_read_all_stats TO :"role";
SELECT current_setting('server_version_num')::int >= 150000 AS may_set \gset
\if :may_set
-- Vacuum gives way to whoever waits for it after `deadlock_timeout`: the fence's session makes that short for itself.
GRANT SET ON PARAMETER deadlock_timeout TO :"role";
\endif

-- Only where needed:
--   tables with row-level security:   ALTER ROLE … BYPASSRLS, for both roles
