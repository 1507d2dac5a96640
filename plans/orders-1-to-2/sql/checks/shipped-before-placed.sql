-- Lists orders shipped before they were placed. `shipped_at` means UTC.
SELECT o.id
FROM orders o
WHERE o.shipped_at AT TIME ZONE 'UTC' < o.placed_at
