-- Allows a role again. $1 text: the role. A row if it was blocked.
UPDATE greenlight.blocked SET allowed_at = clock_timestamp() WHERE role = $1::text AND allowed_at IS NULL RETURNING role;
