-- What the fence needs on a side, before it stands: its state, and two counters that a transaction which is refused leaves behind.
CREATE TABLE IF NOT EXISTS greenlight.fence (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one),
    plan        text NOT NULL,
    -- The epoch of the orchestrator that may move the fence: green's, mirrored here. The higher one wins.
    epoch       bigint NOT NULL,
    -- The turn by which blue became the owner again, at the end of a rollback: compared with green's in `greenlight.ownership`,
    -- the higher one of an open side owns.
    turn        bigint NOT NULL DEFAULT 0,
    state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'fenced', 'sealed')),
    -- The fences so far.
    number      bigint NOT NULL DEFAULT 0,
    fenced_at   timestamptz,
    deadline    timestamptz,
    sealed_at   timestamptz,
    -- Where the WAL was after the seal: a standby that has not replayed it could be promoted without it.
    sealed_lsn  pg_lsn,
    -- The marker of each subscription that was sent with the fence, as {group: number}.
    markers     jsonb NOT NULL DEFAULT '{}'
);
CREATE SEQUENCE IF NOT EXISTS greenlight.rejected;
CREATE SEQUENCE IF NOT EXISTS greenlight.leak
