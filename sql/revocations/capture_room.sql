-- The schema of the capture on blue: what is noted, the marker, and what was done here again after an abort. It goes into
-- every copy of blue, so that a copy says by itself whether it was made after the capture began.
CREATE SCHEMA IF NOT EXISTS greenlight_revocations;
REVOKE ALL ON SCHEMA greenlight_revocations FROM PUBLIC;
COMMENT ON SCHEMA greenlight_revocations IS 'Revocations noted for a greenlight migration; removed by `greenlight cleanup`.';

-- Ids are not in the order of commits, transaction numbers are: whoever reads goes by `xid`.
CREATE TABLE IF NOT EXISTS greenlight_revocations.noted (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid             xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at              timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind            text NOT NULL,
    event           jsonb NOT NULL
);
CREATE INDEX IF NOT EXISTS noted_xid ON greenlight_revocations.noted (xid, id);

CREATE TABLE IF NOT EXISTS greenlight_revocations.marker (
    one             boolean PRIMARY KEY DEFAULT true CHECK (one),
    id              uuid NOT NULL DEFAULT gen_random_uuid(),
    plan            text NOT NULL,
    captured        text NOT NULL,
    at              timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE IF NOT EXISTS greenlight_revocations.done (
    id              text PRIMARY KEY,
    at              timestamptz NOT NULL DEFAULT clock_timestamp()
);
