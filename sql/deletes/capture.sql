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
-- The settings make a row's text the same whoever writes it, and one that can be read back.
CREATE FUNCTION greenlight.note_removal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET bytea_output = 'hex' SET extra_float_digits = '1' SET lc_monetary = 'C'
AS $$
DECLARE
    taken bigint;
    noted bigint;
    is_open boolean;
    least bigint;
    is_blocked boolean;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        EXECUTE format('SELECT count(*) FROM ONLY %I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME) INTO taken;
    ELSE
        SELECT count(*) INTO taken FROM greenlight_old;
    END IF;
    IF taken = 0 THEN
        RETURN NULL;
    END IF;
    SELECT r.until > clock_timestamp(), r.updates,
           EXISTS (SELECT FROM greenlight.blocked b WHERE b.role = session_user AND b.allowed_at IS NULL)
    INTO is_open, least, is_blocked FROM greenlight.removal_rule r;
    IF is_open IS NOT TRUE OR current_setting('application_name') LIKE 'greenlight/%' THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND (least IS NULL OR taken < least) THEN
        -- An UPDATE that a foreign key makes of the deletion of other rows belongs to that.
        IF TG_ARGV[1] = 'alone' OR NOT EXISTS (SELECT FROM greenlight.removal r WHERE r.xid = pg_current_xact_id_if_assigned()) THEN
            RETURN NULL;
        END IF;
    END IF;
    IF is_blocked THEN
        RAISE EXCEPTION USING ERRCODE = '42501',
            MESSAGE = format('greenlight: %s has deleted more than the plan allows, and may delete nothing now', session_user),
            HINT = format('Whoever runs the migration can allow it: greenlight deletes PLAN --allow %s', session_user);
    END IF;
    INSERT INTO greenlight.removal (relation, op, role, application, columns, rows)
    SELECT TG_ARGV[0], lower(TG_OP), session_user, current_setting('application_name'), array_agg(a.attname::text ORDER BY a.attnum), taken
    FROM pg_attribute a WHERE a.attrelid = TG_RELID AND a.attnum > 0 AND NOT a.attisdropped
    RETURNING id INTO noted;
    IF TG_OP = 'UPDATE' THEN
        -- Both come in the order in which the rows were changed.
        INSERT INTO greenlight.former (removal, number, old, new)
        SELECT noted, o.number, o.row, n.row
        FROM (SELECT row_number() OVER () AS number, greenlight_old::text AS row FROM greenlight_old) o
        JOIN (SELECT row_number() OVER () AS number, greenlight_new::text AS row FROM greenlight_new) n USING (number);
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO greenlight.former (removal, number, old)
        SELECT noted, row_number() OVER (), greenlight_old::text FROM greenlight_old;
    ELSE
        EXECUTE format('INSERT INTO greenlight.former (removal, number, old)
            SELECT $1, row_number() OVER (), greenlight_row::text FROM ONLY %I.%I AS greenlight_row', TG_TABLE_SCHEMA, TG_TABLE_NAME) USING noted;
    END IF;
    RETURN NULL;
END
$$;
