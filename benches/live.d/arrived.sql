-- Waits on green until the marker with number `n` is there. Prints milliseconds since the epoch: when the apply worker
-- began and when the marker was seen; and the apply worker's process. Variables: marker (the table), n.
\set ON_ERROR_STOP on
SELECT set_config('bench.marker', :'marker', false), set_config('bench.n', :'n', false) \gset ignored_
DO $$
DECLARE
    there bigint;
BEGIN
    LOOP
        EXECUTE format('SELECT max(n) FROM %s', current_setting('bench.marker')) INTO there;
        EXIT WHEN there >= current_setting('bench.n')::bigint;
        PERFORM pg_sleep(0.005);
    END LOOP;
    PERFORM set_config('bench.seen', clock_timestamp()::text, false);
END $$;
SELECT pg_stat_clear_snapshot() \gset ignored_
SELECT (extract(epoch FROM coalesce(max(backend_start), clock_timestamp())) * 1000)::bigint, (extract(epoch FROM current_setting('bench.seen')::timestamptz) * 1000)::bigint, coalesce(max(pid), 0)
FROM pg_stat_activity WHERE backend_type IN ('logical replication worker', 'logical replication apply worker') AND datname = current_database();
