-- The role with which greenlight reads blue. Run as a superuser or as the owner of the tables, in blue's database:
--
--   psql -v role=greenlight_blue -v schema=public -v owner=app -f docs/sql/blue_role.sql DATABASE
--
-- `schema` is the plan's namespace, `owner` the role that makes its tables. The role gets no password here:
-- `\password greenlight_blue` in psql sets one without showing it, or use a client certificate.
CREATE ROLE :"role" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;

-- Read, and nothing else. The first line only guards against mistakes: a session can set it back.
ALTER ROLE :"role" SET default_transaction_read_only = on;
GRANT CONNECT ON DATABASE :"DBNAME" TO :"role";
GRANT USAGE ON SCHEMA :"schema" TO :"role";
GRANT SELECT ON ALL TABLES IN SCHEMA :"schema" TO :"role";
GRANT SELECT ON ALL SEQUENCES IN SCHEMA :"schema" TO :"role";

-- Tables that are made later, so that a dry run in a month finds no gap.
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA :"schema" GRANT SELECT ON TABLES TO :"role";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA :"schema" GRANT SELECT ON SEQUENCES TO :"role";

-- Only where needed:
--   tables with row-level security:   ALTER ROLE … BYPASSRLS
--   `throttle.blue_xmin_age`:         GRANT pg_read_all_stats TO …
