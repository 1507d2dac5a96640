-- Makes a dead letter of an event. $1 bigint: its number; $2 text: why; $3 boolean: whether it is blue that should have it
UPDATE greenlight.revocation SET dead = $2, owed = owed OR $3 WHERE n = $1;
