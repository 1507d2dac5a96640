-- On blue: numbers for the rows that are updated at random. Prints how many consents and access tokens there are.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE SCHEMA IF NOT EXISTS bench;
CREATE TABLE bench.consent AS SELECT row_number() OVER (ORDER BY md5(challenge)) AS n, challenge FROM public.hydra_oauth2_consent_request_handled;
CREATE TABLE bench.access AS SELECT row_number() OVER (ORDER BY md5(signature)) AS n, signature FROM public.hydra_oauth2_access;
ALTER TABLE bench.consent ADD PRIMARY KEY (n);
ALTER TABLE bench.access ADD PRIMARY KEY (n);
ANALYZE bench.consent, bench.access;
SELECT (SELECT max(n) FROM bench.consent), (SELECT max(n) FROM bench.access);
