-- Makes a sealed blue ours: no earlier orchestrator writes there any more. $1 plan, $2 our epoch. No row: a later one was here, or
-- blue is not sealed by this plan.
UPDATE greenlight.fence SET epoch = $2::bigint
WHERE plan = $1::text AND epoch <= $2::bigint AND state = 'sealed'
RETURNING epoch
