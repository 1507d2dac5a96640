-- The record of a run, on green. One plan per green database. Everything here is removed by `greenlight cleanup`.
CREATE SCHEMA greenlight;
COMMENT ON SCHEMA greenlight IS 'The record of a greenlight migration; removed by `greenlight cleanup`.';

CREATE TABLE greenlight.run (
    one             boolean PRIMARY KEY DEFAULT true CHECK (one),
    form            integer NOT NULL,
    plan            text NOT NULL,
    -- The compiled plan with both catalogs: a resumed run does what was begun, whatever blue looks like by now.
    migration       jsonb NOT NULL,
    digests         jsonb NOT NULL,
    blue            text NOT NULL,
    made_by         text NOT NULL,
    begun_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    paused_at       timestamptz,
    paused_by       text
);
COMMENT ON TABLE greenlight.run IS 'What was begun, by which plan.';

-- (owner, epoch): who owns the data and which orchestrator may write. The higher epoch wins.
CREATE TABLE greenlight.ownership (
    one             boolean PRIMARY KEY DEFAULT true CHECK (one),
    owner           text NOT NULL DEFAULT 'blue' CHECK (owner IN ('blue', 'green')),
    epoch           bigint NOT NULL DEFAULT 0,
    -- Raised by whoever becomes the owner: green's here, blue's in its fence. Of the sides that are open the higher one owns.
    turn            bigint NOT NULL DEFAULT 0,
    holder          text,
    holder_pid      integer,
    taken_at        timestamptz,
    owned_at        timestamptz,
    -- When blue became the owner again, by a rollback.
    returned_at     timestamptz
);
COMMENT ON TABLE greenlight.ownership IS 'Who owns the data, and the epoch of the orchestrator that may write.';
INSERT INTO greenlight.ownership DEFAULT VALUES;

CREATE TABLE greenlight.step (
    id              text PRIMARY KEY,
    -- The world's counters when the step was first begun; what it used is their difference at the end.
    base            jsonb NOT NULL,
    stats           jsonb NOT NULL DEFAULT '{}',
    begun_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    done_at         timestamptz,
    took_ms         bigint NOT NULL DEFAULT 0,
    runs            integer NOT NULL DEFAULT 1
);
COMMENT ON TABLE greenlight.step IS 'Intent (a row) and completion (done_at) of each step, by id.';

-- A cursor: pages [lo, at) of the relation are done, [at, hi) are not. It moves in the transaction that writes the rows.
CREATE TABLE greenlight.segment (
    step            text NOT NULL,
    id              integer NOT NULL,
    relation        text NOT NULL,
    lo              bigint NOT NULL,
    hi              bigint NOT NULL,
    at              bigint NOT NULL,
    inserted        bigint NOT NULL DEFAULT 0,
    updated         bigint NOT NULL DEFAULT 0,
    deleted         bigint NOT NULL DEFAULT 0,
    rejected        bigint NOT NULL DEFAULT 0,
    batches         bigint NOT NULL DEFAULT 0,
    busy_ms         bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (step, id),
    CHECK (lo <= at AND at <= hi)
);
COMMENT ON TABLE greenlight.segment IS 'Cursors of batches.';

-- Facts read once and kept: variables, the 2.X catalog as it was made, sequences of blue, the snapshot of the copy.
CREATE TABLE greenlight.fact (
    name            text PRIMARY KEY,
    body            jsonb NOT NULL
);
COMMENT ON TABLE greenlight.fact IS 'Facts read once and kept for the rest of the run.';

CREATE TABLE greenlight.reject (
    step            text NOT NULL,
    relation        text NOT NULL,
    key             text NOT NULL,
    reason          text NOT NULL,
    at              timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (step, relation, key)
);
COMMENT ON TABLE greenlight.reject IS 'Keys of rows that could not be converted (on_bad_row = "reject").';

CREATE TABLE greenlight.journal (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL DEFAULT clock_timestamp(),
    epoch           bigint NOT NULL,
    step            text,
    what            text NOT NULL
);
COMMENT ON TABLE greenlight.journal IS 'What happened when, append only: the timeline of `greenlight report`.';
