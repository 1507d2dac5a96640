-- Takes events in, each once; one that was a dead letter and comes again whole is alive. Gives how many are new.
-- $1 text: the source; $2 text[]: digests of ids; $3 text[]: places; $4 text[]: kinds; $5 text[]: values as JSON, NULL without
-- any; $6 text[]: why it is dead, NULL if it is not
WITH taken AS (
    INSERT INTO greenlight.revocation AS r (id, source, place, kind, event, dead)
    SELECT DISTINCT ON (e.id) e.id, $1::text, e.place, e.kind, e.event::jsonb, e.dead
    FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) AS e (id, place, kind, event, dead)
    ORDER BY e.id, e.dead NULLS FIRST
    ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, event = excluded.event, place = excluded.place, dead = NULL
    WHERE r.dead IS NOT NULL AND excluded.dead IS NULL
    RETURNING r.n)
SELECT count(*) FROM taken;
