-- Updates on blue: the first `changes` consents, in transactions of 100. Variables: changes; set, what is changed.
\set ON_ERROR_STOP on
SELECT set_config('bench.changes', :'changes', false), set_config('bench.set', :'set', false) \gset ignored_
DO $$
BEGIN
    FOR low IN 1..current_setting('bench.changes')::integer BY 100 LOOP
        EXECUTE format('UPDATE public.hydra_oauth2_consent_request_handled SET %s WHERE challenge = ANY (ARRAY(SELECT challenge FROM bench.consent WHERE n BETWEEN %s AND %s))',
                       current_setting('bench.set'), low, least(low + 99, current_setting('bench.changes')::integer));
        COMMIT;
    END LOOP;
END $$;
