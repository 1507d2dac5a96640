-- Where a TRUNCATE that came from blue is noted: row triggers do not see it.
CREATE TABLE IF NOT EXISTS greenlight.truncated (
    relation        text PRIMARY KEY,
    at              timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE OR REPLACE FUNCTION greenlight.note_truncated() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO greenlight.truncated (relation) VALUES (TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$
