-- Notes in the transaction of their effect that events were done on green. The values of a captured one that has found its
-- rows are not needed any more: blue has done it itself. $1 bigint[]: numbers; $2 bigint[]: rows that each has changed
UPDATE greenlight.revocation AS r SET green_at = coalesce(r.green_at, clock_timestamp()), changed = d.changed,
    event = CASE WHEN d.changed > 0 AND r.source = 'capture' THEN NULL ELSE r.event END
FROM unnest($1::bigint[], $2::bigint[]) AS d (n, changed) WHERE r.n = d.n;
