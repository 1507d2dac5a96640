-- Moves a cursor in the transaction that wrote its rows. One row, or this process has lost the lease.
-- $1 step, $2 id, $3 cursor before, $4 cursor after, $5 epoch, $6..$9 rows inserted, updated, deleted, rejected, $10 ms.
UPDATE greenlight.segment SET
    at = $4::bigint, inserted = inserted + $6::bigint, updated = updated + $7::bigint, deleted = deleted + $8::bigint,
    rejected = rejected + $9::bigint, batches = batches + 1, busy_ms = busy_ms + $10::bigint
WHERE step = $1::text AND id = $2::int AND at = $3::bigint AND hi >= $4::bigint
  AND (SELECT epoch FROM greenlight.ownership) = $5::bigint
