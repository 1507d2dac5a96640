-- What a database is.
SELECT current_setting('server_version_num')::int AS version,
       current_database()::text AS database,
       current_user::text AS user_name,
       r.rolsuper AS superuser,
       has_function_privilege('pg_control_system()', 'EXECUTE') AS may_read_identifier,
       pg_encoding_to_char(d.encoding)::text AS encoding,
       d.datcollate::text AS collation,
       pg_is_in_recovery() AS in_recovery,
       pg_database_size(d.oid) AS size_bytes
FROM pg_database d, pg_roles r
WHERE d.datname = current_database() AND r.rolname = current_user;
