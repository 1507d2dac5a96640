-- How many events are dead letters.
SELECT count(*) FROM greenlight.revocation WHERE dead IS NOT NULL;
