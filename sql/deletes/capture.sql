-- Guarded deletes: what rows of green were before a DELETE, a TRUNCATE or an UPDATE of many rows. Made in own. Every statement that
-- takes rows away is noted once, with who made it; its rows stand beside it as text, since no other form of them is exact for every
-- type, with the names of their columns, so that the service may alter its tables.
CREATE TABLE greenlight.removal (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid             xid8 NOT NULL DEFAULT pg_current_xact_id(),
    relation        text NOT NULL,
    op              text NOT NULL,
    role            text NOT NULL,
    application     text NOT NULL,
    columns         text[] NOT NULL,
    rows            bigint NOT NULL
);
CREATE INDEX removal_xid ON greenlight.removal (xid);
CREATE INDEX removal_at ON greenlight.removal (at);
CREATE TABLE greenlight.former (
    removal         bigint NOT NULL,
    number          bigint NOT NULL,
    old             text NOT NULL,
    -- What an UPDATE made of it: the row is put back only while it is still that.
    new             text,
    restored_at     timestamptz,
    PRIMARY KEY (removal, number)
);
-- Until when rows are kept, and how many rows an UPDATE changes at least for its rows to be.
CREATE TABLE greenlight.removal_rule (
    one             boolean PRIMARY KEY DEFAULT true CHECK (one),
    until           timestamptz NOT NULL,
    updates         bigint
);
-- Roles that have deleted more than the plan allows. One that was allowed again is not blocked by itself a second time.
CREATE TABLE greenlight.blocked (
    role            text PRIMARY KEY,
    at              timestamptz NOT NULL DEFAULT clock_timestamp(),
    why             text NOT NULL,
    allowed_at      timestamptz
);

-- Arguments: the table that a partition belongs to, and whether the table has rows that are changed by the deletion of others.
-- It runs with our rights in sessions of others: nothing is looked up by their search path, neither tables nor types nor operators.
CREATE FUNCTION greenlight.note_removal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    taken bigint;
    noted bigint;
    is_open boolean;
    few bigint;
    names pg_catalog.text[] := ARRAY['DateStyle', 'IntervalStyle', 'TimeZone', 'bytea_output', 'extra_float_digits', 'lc_monetary'];
    ours pg_catalog.text[] := ARRAY['ISO, YMD', 'postgres', 'UTC', 'hex', '1', 'C'];
    theirs pg_catalog.text[];
BEGIN
    -- One query, since every statement of the service waits for it.
    IF TG_OP OPERATOR(pg_catalog.=) 'TRUNCATE' THEN
        EXECUTE pg_catalog.format('SELECT pg_catalog.count(*) FROM ONLY %I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME) INTO taken;
        SELECT r.until OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp() INTO is_open FROM greenlight.removal_rule r;
    ELSE
        SELECT (SELECT pg_catalog.count(*) FROM greenlight_old), r.until OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp(), r.updates
        INTO taken, is_open, few FROM greenlight.removal_rule r;
    END IF;
    IF taken OPERATOR(pg_catalog.=) 0 THEN
        RETURN NULL;
    END IF;
    IF is_open IS NOT TRUE OR pg_catalog.current_setting('application_name') OPERATOR(pg_catalog.~~) 'greenlight/%' THEN
        RETURN NULL;
    END IF;
    IF TG_OP OPERATOR(pg_catalog.=) 'UPDATE' AND (few IS NULL OR taken OPERATOR(pg_catalog.<) few) THEN
        -- An UPDATE that a foreign key makes of the deletion of other rows belongs to that.
        IF TG_ARGV[1] OPERATOR(pg_catalog.=) 'alone' OR NOT EXISTS (
            SELECT FROM greenlight.removal r WHERE r.xid OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id_if_assigned()
        ) THEN
            RETURN NULL;
        END IF;
    END IF;
    IF EXISTS (SELECT FROM greenlight.blocked b
               WHERE b.role OPERATOR(pg_catalog.=) session_user::pg_catalog.text AND b.allowed_at IS NULL) THEN
        RAISE EXCEPTION USING ERRCODE = '42501',
            MESSAGE = pg_catalog.format('greenlight: %s has deleted more than the plan allows, and may delete nothing now', session_user),
            HINT = pg_catalog.format('Whoever runs the migration can allow it: greenlight deletes PLAN --allow %s', session_user);
    END IF;
    INSERT INTO greenlight.removal (relation, op, role, application, columns, rows)
    SELECT TG_ARGV[0], pg_catalog.lower(TG_OP), session_user, pg_catalog.current_setting('application_name'),
           pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY a.attnum), taken
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid OPERATOR(pg_catalog.=) TG_RELID AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
    RETURNING id INTO noted;
    -- A row's text is the same whoever writes it, and one that can be read back. Set here and not by the function's own SET: that
    -- would cost every small UPDATE what only this needs.
    SELECT pg_catalog.array_agg(pg_catalog.current_setting(n.name) ORDER BY n.place) INTO theirs
    FROM pg_catalog.unnest(names) WITH ORDINALITY n (name, place);
    PERFORM pg_catalog.set_config(n.name, n.value, true)
    FROM ROWS FROM (pg_catalog.unnest(names), pg_catalog.unnest(ours)) n (name, value);
    IF TG_OP OPERATOR(pg_catalog.=) 'UPDATE' THEN
        -- Both come in the order in which the rows were changed.
        INSERT INTO greenlight.former (removal, number, old, new)
        SELECT noted, o.number, o.row, n.row
        FROM (SELECT pg_catalog.row_number() OVER () AS number, greenlight_old::pg_catalog.text AS row FROM greenlight_old) o
        JOIN (SELECT pg_catalog.row_number() OVER () AS number, greenlight_new::pg_catalog.text AS row FROM greenlight_new) n
          ON o.number OPERATOR(pg_catalog.=) n.number;
    ELSIF TG_OP OPERATOR(pg_catalog.=) 'DELETE' THEN
        INSERT INTO greenlight.former (removal, number, old)
        SELECT noted, pg_catalog.row_number() OVER (), greenlight_old::pg_catalog.text FROM greenlight_old;
    ELSE
        EXECUTE pg_catalog.format('INSERT INTO greenlight.former (removal, number, old)
            SELECT $1, pg_catalog.row_number() OVER (), greenlight_row::pg_catalog.text FROM ONLY %I.%I AS greenlight_row', TG_TABLE_SCHEMA, TG_TABLE_NAME) USING noted;
    END IF;
    PERFORM pg_catalog.set_config(n.name, n.value, true)
    FROM ROWS FROM (pg_catalog.unnest(names), pg_catalog.unnest(theirs)) n (name, value);
    RETURN NULL;
END
$$;
