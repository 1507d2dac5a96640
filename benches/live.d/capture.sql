-- Capture by hand: a queue, a function and a trigger for each of the six tables that are transformed.
\set ON_ERROR_STOP on
SELECT format($sql$
CREATE TABLE bench.queue_%1$s AS SELECT NULL::bigint AS number, %2$s FROM public.%1$s WITH NO DATA;
CREATE SEQUENCE bench.queue_%1$s_seq OWNED BY bench.queue_%1$s.number;
ALTER TABLE bench.queue_%1$s ALTER COLUMN number SET DEFAULT nextval('bench.queue_%1$s_seq');
CREATE FUNCTION bench.capture_%1$s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $capture$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO bench.queue_%1$s (%2$s) VALUES (%3$s);
        IF ROW(%4$s) IS DISTINCT FROM ROW(%3$s) THEN INSERT INTO bench.queue_%1$s (%2$s) VALUES (%4$s); END IF;
    ELSIF TG_OP = 'INSERT' THEN INSERT INTO bench.queue_%1$s (%2$s) VALUES (%4$s);
    ELSE INSERT INTO bench.queue_%1$s (%2$s) VALUES (%3$s);
    END IF;
    RETURN NULL;
END
$capture$;
CREATE TRIGGER bench_capture AFTER INSERT OR UPDATE OR DELETE ON public.%1$s FOR EACH ROW EXECUTE FUNCTION bench.capture_%1$s();
ALTER TABLE public.%1$s ENABLE REPLICA TRIGGER bench_capture
$sql$, name, key, regexp_replace(key, '(\w+)', 'OLD.\1', 'g'), regexp_replace(key, '(\w+)', 'NEW.\1', 'g'))
FROM (VALUES
    ('hydra_client', 'pk'),
    ('hydra_jwk', 'pk'),
    ('hydra_oauth2_authentication_request', 'challenge'),
    ('hydra_oauth2_authentication_request_handled', 'challenge'),
    ('hydra_oauth2_consent_request', 'challenge, login_challenge'),
    ('hydra_oauth2_consent_request_handled', 'challenge')
) AS captured (name, key) \gexec
