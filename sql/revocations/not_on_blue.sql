-- Takes back, in the transaction in which it was noted, that events were done on blue: they became dead letters.
-- $1 text[]: digests of ids
DELETE FROM greenlight_revocations.done WHERE id = ANY ($1::text[]);
