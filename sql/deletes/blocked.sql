-- Roles that may delete nothing now.
SELECT role, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS since, why
FROM greenlight.blocked WHERE allowed_at IS NULL ORDER BY at;
