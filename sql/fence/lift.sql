-- Opens blue again. $1 plan, $2 our epoch: no row if a later orchestrator moves the fence, or nothing stands.
UPDATE greenlight.fence SET state = 'open', deadline = NULL, sealed_at = NULL, sealed_lsn = NULL
WHERE plan = $1::text AND epoch = $2::bigint
RETURNING number
