-- Prepared transactions of this database: they hold their locks until somebody ends them.
SELECT count(*) AS prepared, coalesce(min(gid), '') AS one FROM pg_prepared_xacts WHERE database = current_database()
