-- Blocks a role, unless it was blocked and allowed before. $1 text: the role; $2 text: why. A row if it is blocked now.
INSERT INTO greenlight.blocked (role, why) VALUES ($1::text, $2::text) ON CONFLICT (role) DO NOTHING RETURNING role;
