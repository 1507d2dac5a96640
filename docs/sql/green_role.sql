-- The role with which greenlight builds green. Run as a superuser in green's database, which is empty or a restored copy:
--
--   psql -v role=greenlight_green -v schema=public -f docs/sql/green_role.sql DATABASE
--
-- The role gets no password here: `\password greenlight_green` in psql sets one without showing it.
CREATE ROLE :"role" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;

GRANT CONNECT, CREATE ON DATABASE :"DBNAME" TO :"role";
-- It renames the schema, so it has to own it. The 2.X tables are its own, for its session makes them.
ALTER SCHEMA :"schema" OWNER TO :"role";

-- Only where needed:
--   `throttle.active_backends`, `throttle.replica_lag`:   GRANT pg_read_all_stats TO …
--   `greenlight schema PLAN`, which makes a scratch database:   ALTER ROLE … CREATEDB
--   a restored copy: all its tables must belong to the role, as after `pg_restore --no-owner --role=greenlight_green`
