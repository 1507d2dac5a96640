-- Keeps an open fence as it is until the transaction ends. $1 plan, $2 epoch. No row: a later orchestrator moves it, or it stands.
SELECT number FROM greenlight.fence WHERE plan = $1::text AND epoch = $2::bigint AND state = 'open' FOR SHARE
