-- Notes that events were done on blue. $1 bigint[]: numbers
UPDATE greenlight.revocation SET blue_at = clock_timestamp(), owed = false WHERE n = ANY ($1::bigint[]);
