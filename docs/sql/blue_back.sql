-- What a way back (`[back]` in the plan) needs on blue, besides blue_live.sql and after it. Run as a superuser, in blue's database:
--
--   psql -v role=greenlight_blue -f docs/sql/blue_back.sql DATABASE

-- Rows go back through temporary tables.
GRANT TEMPORARY ON DATABASE :"DBNAME" TO :"role";

-- They are written as a replica writes: past the seal, the service's triggers and cascades.
SELECT current_setting('server_version_num')::int >= 150000 AS may_set \gset
\if :may_set
GRANT SET ON PARAMETER session_replication_role TO :"role";
\else
\warn 'Before PostgreSQL 15 only a superuser may set session_replication_role.'
\endif
