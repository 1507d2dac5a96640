-- What longer lives need on a side, before the first one is written: what was done, how far, and what was there before.
-- Nobody but the role that makes it may look inside. Everything here is dropped once the old lives are back.
CREATE SCHEMA IF NOT EXISTS greenlight_tokens;
CREATE TABLE IF NOT EXISTS greenlight_tokens.lifetime (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one),
    plan        text NOT NULL,
    -- The side that it belongs to: a copy of blue brings blue's along.
    side        text NOT NULL,
    -- Makes the digests those of this plan and time.
    salt        text NOT NULL,
    state       text NOT NULL CHECK (state IN ('copying', 'extending', 'extended', 'restoring')),
    began_at    timestamptz NOT NULL,
    -- No life is longer than this.
    until       timestamptz NOT NULL,
    done_at     timestamptz,
    -- The lives with their keys, as JSON: they are put back as they were made longer, whatever the plan says by then.
    lives       text NOT NULL
);
CREATE TABLE IF NOT EXISTS greenlight_tokens.lifetime_setting (
    place       integer PRIMARY KEY,
    name        text NOT NULL,
    -- How it is read and set, as JSON.
    setting     text NOT NULL,
    was         text NOT NULL,
    wrote       text NOT NULL,
    set_at      timestamptz
);
-- Pages [0, at) of hi are done. The cursor moves in the transaction that writes the rows.
CREATE TABLE IF NOT EXISTS greenlight_tokens.lifetime_walk (
    life        integer NOT NULL,
    relation    text NOT NULL,
    at          bigint NOT NULL DEFAULT 0,
    hi          bigint NOT NULL,
    written     bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (life, relation)
);
-- The old value of each row that was written. A row is known by a digest of its key: the key of a token's row may be the
-- token, or a half of it, and belongs into no second table.
CREATE TABLE IF NOT EXISTS greenlight_tokens.lifetime_row (
    life        integer NOT NULL,
    digest      bytea NOT NULL,
    was         text,
    wrote       text,
    PRIMARY KEY (life, digest)
)
