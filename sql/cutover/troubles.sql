-- What goes wrong in this database, as running counts.
SELECT xact_rollback AS rollbacks, deadlocks, conflicts FROM pg_stat_database WHERE datname = current_database()
