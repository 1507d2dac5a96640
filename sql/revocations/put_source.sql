-- Keeps how far a source was read. $1 text: its name; $2 text: where it is, as JSON
INSERT INTO greenlight.revocation_source (name, state) VALUES ($1, $2::text::jsonb)
ON CONFLICT (name) DO UPDATE SET state = excluded.state, at = clock_timestamp();
