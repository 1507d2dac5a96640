-- What longer lives of tokens need on blue besides blue_role.sql, for one table of `[tokens]`; run it once for each. As a superuser
-- or as the owner of the table, in blue's database:
--
--   psql -v role=greenlight_blue -v schema=public -v table=hydra_oauth2_refresh -v columns=session_data -f docs/sql/blue_tokens.sql DATABASE
--
-- `columns` are those that the plan sets, with commas between them.

-- The schema `greenlight_tokens`, in which old values are kept until they are put back.
GRANT CREATE ON DATABASE :"DBNAME" TO :"role";
-- Those columns, and no others; it locks single rows as well.
GRANT UPDATE (:columns) ON :"schema".:"table" TO :"role";
