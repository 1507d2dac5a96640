-- An operator gives a dead letter up: it stays known by its id and is done nowhere. $1 bigint: its number
UPDATE greenlight.revocation SET dead = NULL, event = NULL, owed = false,
    green_at = clock_timestamp(), blue_at = clock_timestamp()
WHERE n = $1 AND dead IS NOT NULL;
