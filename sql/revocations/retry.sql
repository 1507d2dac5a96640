-- Dead letters that have their values are tried again, on green and on blue.
UPDATE greenlight.revocation SET dead = NULL WHERE dead IS NOT NULL AND event IS NOT NULL;
