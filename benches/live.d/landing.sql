-- Landing by hand on a fresh green: the 2.2 schema aside, its carried tables bare but for the keys that apply needs, and
-- bare tables for what 1.11 has and 2.2 reshapes. Variables: schema, the file of the 2.2 schema; sources, CREATE TABLE of
-- the six tables that are transformed. Definitions of what is dropped are kept in bench.index, for the indexes later.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE SCHEMA bench;
CREATE TABLE bench.marker (id integer PRIMARY KEY, n bigint NOT NULL);
CREATE SCHEMA next;
SET search_path = next;
\i :schema
BEGIN;
CREATE TABLE bench.carried AS
SELECT relname AS "table" FROM pg_class
WHERE relnamespace = 'next'::regnamespace AND relkind = 'r'
  AND relname NOT IN ('networks', 'schema_migration', 'hydra_client', 'hydra_jwk', 'hydra_oauth2_flow');
CREATE TABLE bench.index AS
SELECT t.relname AS "table", i.relname AS index, pg_get_indexdef(i.oid) AS definition, c.conname AS "constraint", c.contype AS type,
       coalesce(c.contype = 'p', false) AND t.relname IN (TABLE bench.carried)
           AND t.relname NOT IN ('hydra_oauth2_jti_blacklist', 'hydra_oauth2_obfuscated_authentication_session') AS kept
FROM pg_index AS x
JOIN pg_class AS i ON i.oid = x.indexrelid
JOIN pg_class AS t ON t.oid = x.indrelid
LEFT JOIN pg_constraint AS c ON c.conindid = i.oid AND c.conrelid = t.oid AND c.contype IN ('p', 'u')
WHERE t.relnamespace = 'next'::regnamespace AND t.relname NOT IN ('networks', 'schema_migration');
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint
WHERE contype = 'f' AND connamespace = 'next'::regnamespace \gexec
SELECT CASE WHEN "constraint" IS NULL THEN format('DROP INDEX next.%I', index) ELSE format('ALTER TABLE next.%I DROP CONSTRAINT %I', "table", "constraint") END
FROM bench.index WHERE NOT kept \gexec
SELECT id AS nid FROM next.networks \gset
SELECT format('ALTER TABLE next.%1$I ALTER COLUMN nid SET DEFAULT %2$L; ALTER TABLE next.%1$I SET SCHEMA public', "table", :'nid') FROM bench.carried \gexec
SET LOCAL search_path = public;
CREATE UNIQUE INDEX bench_identity_1 ON hydra_oauth2_jti_blacklist (signature);
ALTER TABLE hydra_oauth2_jti_blacklist REPLICA IDENTITY USING INDEX bench_identity_1;
CREATE UNIQUE INDEX bench_identity_2 ON hydra_oauth2_obfuscated_authentication_session (subject, client_id);
ALTER TABLE hydra_oauth2_obfuscated_authentication_session REPLICA IDENTITY USING INDEX bench_identity_2;
\i :sources
COMMIT;
