-- Makes a dead letter of an event. $1 bigint: its number; $2 text: why
UPDATE greenlight.revocation SET dead = $2 WHERE n = $1;
