-- What must survive a crash, on green: every event once, and how far each source was read. Signatures of the capture
-- stand in `event` until they are done with, others until cleanup: blue may need them, and rows that are put back; ids only as digests.
CREATE TABLE IF NOT EXISTS greenlight.revocation (
    n               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- SHA-256 of the event's id: enough to know it again.
    id              text NOT NULL UNIQUE,
    source          text NOT NULL,
    -- Where it stood in its source, for whoever looks for it.
    place           text NOT NULL,
    kind            text NOT NULL,
    -- The values that its statements need; NULL when nothing needs them any more.
    event           jsonb,
    arrived_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    green_at        timestamptz,
    blue_at         timestamptz,
    -- It failed where blue should have it, after an abort: nothing else asks for it there again.
    owed            boolean NOT NULL DEFAULT false,
    -- Rows that it changed on green. None: a tombstone, which is tried again.
    changed         bigint NOT NULL DEFAULT 0,
    -- Why it cannot be done.
    dead            text
);
CREATE INDEX IF NOT EXISTS revocation_green ON greenlight.revocation (n) WHERE green_at IS NULL AND dead IS NULL;
CREATE INDEX IF NOT EXISTS revocation_blue ON greenlight.revocation (n) WHERE blue_at IS NULL AND dead IS NULL AND source <> 'capture';
CREATE INDEX IF NOT EXISTS revocation_tombstone ON greenlight.revocation (n) WHERE green_at IS NOT NULL AND changed = 0;
CREATE INDEX IF NOT EXISTS revocation_dead ON greenlight.revocation (n) WHERE dead IS NOT NULL;
COMMENT ON TABLE greenlight.revocation IS 'Revocations that came in while green was built, and what was done with each.';

CREATE TABLE IF NOT EXISTS greenlight.revocation_source (
    name            text PRIMARY KEY,
    state           jsonb NOT NULL,
    at              timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE greenlight.revocation_source IS 'How far each source of revocations was read.';
REVOKE ALL ON greenlight.revocation, greenlight.revocation_source FROM PUBLIC;
