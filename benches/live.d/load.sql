-- For pgbench: two changed rows a transaction, one of a transformed table and one of a carried one.
\set c random(1, :consents)
\set a random(1, :accesses)
BEGIN;
UPDATE public.hydra_oauth2_consent_request_handled SET was_used = NOT was_used WHERE challenge = (SELECT challenge FROM bench.consent WHERE n = :c);
UPDATE public.hydra_oauth2_access SET active = NOT active WHERE signature = (SELECT signature FROM bench.access WHERE n = :a);
END;
