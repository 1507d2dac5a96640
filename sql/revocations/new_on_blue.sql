-- Notes on blue, in the transaction of their effect, that events were done there, and gives those that were not yet.
-- $1 text[]: digests of ids
INSERT INTO greenlight_revocations.done (id) SELECT e.id FROM unnest($1::text[]) AS e (id) ON CONFLICT (id) DO NOTHING RETURNING id;
