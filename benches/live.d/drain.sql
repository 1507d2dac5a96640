-- Drains the queue of changed consents by hand, 1,000 a transaction: what they make now is written over what is there. Rows
-- that nothing makes any more, and other rows that a change may reach, are not looked for. Variables: queue; select, the
-- plan's transform. Prints milliseconds, and clock ticks of CPU if the system tells.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET work_mem = '256MB';
SET jit = off;
\set text `cat "$SELECT"`
SELECT id AS nid FROM greenlight_next.networks \gset
SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS columns, string_agg(format('%1$I = EXCLUDED.%1$I', attname), ', ') FILTER (WHERE attname <> 'login_challenge') AS set
FROM pg_attribute WHERE attrelid = 'greenlight_next.hydra_oauth2_flow'::regclass AND attnum > 0 AND NOT attisdropped \gset
SELECT replace(replace(:'text', ':batch', 'c.challenge = ANY (ARRAY(SELECT challenge FROM pg_temp.taken))'), ':''nid''', quote_literal(:'nid')) AS select \gset
CREATE TEMPORARY TABLE taken AS SELECT q.*, q.ctid AS place FROM :queue q WITH NO DATA;
SELECT format($sql$
CREATE PROCEDURE pg_temp.drain() LANGUAGE plpgsql AS $drain$
BEGIN
    LOOP
        SET LOCAL enable_seqscan = off;
        INSERT INTO pg_temp.taken SELECT q.*, q.ctid FROM %1$s q LIMIT 1000;
        EXIT WHEN NOT FOUND;
        SET LOCAL enable_seqscan = on;
        SET LOCAL enable_hashjoin = off;
        SET LOCAL enable_mergejoin = off;
        INSERT INTO greenlight_next.hydra_oauth2_flow (%2$s) SELECT %2$s FROM (
%4$s
        ) AS q ON CONFLICT (login_challenge) DO UPDATE SET %3$s;
        DELETE FROM %1$s WHERE ctid = ANY (ARRAY(SELECT place FROM pg_temp.taken));
        TRUNCATE pg_temp.taken;
        COMMIT;
    END LOOP;
END
$drain$
$sql$, :'queue', :'columns', :'set', :'select') \gexec
SELECT clock_timestamp() AS began, pg_read_file('/proc/self/stat', 0, 10000, true) AS before \gset
CALL pg_temp.drain();
SELECT (extract(epoch FROM clock_timestamp() - :'began'::timestamptz) * 1000)::bigint,
       split_part(now.rest, ' ', 12)::bigint + split_part(now.rest, ' ', 13)::bigint - split_part(old.rest, ' ', 12)::bigint - split_part(old.rest, ' ', 13)::bigint
FROM (SELECT regexp_replace(pg_read_file('/proc/self/stat', 0, 10000, true), '^.*\) ', '') AS rest) AS now,
     (SELECT regexp_replace(:'before', '^.*\) ', '') AS rest) AS old;
