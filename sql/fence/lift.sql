-- Opens blue again. $1 plan, $2 our epoch: no row if a later orchestrator moves the fence, or nothing stands. One of an earlier
-- orchestrator is ours to lift: ours is the later epoch on green.
UPDATE greenlight.fence SET state = 'open', epoch = $2::bigint, deadline = NULL, sealed_at = NULL, sealed_lsn = NULL
WHERE plan = $1::text AND epoch <= $2::bigint
RETURNING number
