-- Where a TRUNCATE on green is noted: row triggers do not see it, and it ends the way back.
CREATE TABLE greenlight.back_truncated (
    relation        text PRIMARY KEY,
    at              timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE FUNCTION greenlight.note_back_truncated() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO greenlight.back_truncated (relation) VALUES (TG_TABLE_NAME) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$
