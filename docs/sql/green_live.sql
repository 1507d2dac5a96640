-- What a live sync (`sync.mode = "logical"`) needs on green, besides green_role.sql and after it. Run as a superuser, in green's
-- database:
--
--   psql -v role=greenlight_green -f docs/sql/green_live.sql DATABASE

-- Changed rows are worked off through temporary tables.
GRANT TEMPORARY ON DATABASE :"DBNAME" TO :"role";

SELECT current_setting('server_version_num')::int >= 160000 AS may_subscribe \gset
\if :may_subscribe
GRANT pg_create_subscription TO :"role";
-- The subscription has a password in it, which must not get into the server's log.
GRANT SET ON PARAMETER log_statement, log_min_error_statement, log_min_duration_statement TO :"role";
\else
\warn 'Before PostgreSQL 16 only a superuser may CREATE SUBSCRIPTION: see docs/privileges.md.'
\endif
