-- Begins a fence: waits for whoever moves it, and finds no row if that was a later orchestrator. $1 plan, $2 our epoch.
UPDATE greenlight.fence SET state = 'fenced', number = number + 1, deadline = NULL
WHERE plan = $1::text AND epoch = $2::bigint AND state <> 'sealed'
RETURNING number
