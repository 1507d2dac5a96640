-- Refunds, which 1.X does not know.
SELECT r.id, r.order_id, r.amount_cents, r.refunded_at
FROM refunds r
