-- A schema with everything that a catalog can tell. Run with -v schema=NAME.
CREATE SCHEMA :"schema";
SET search_path = :"schema";

CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s "good"');
CREATE DOMAIN short_text AS varchar(40) COLLATE "C" DEFAULT 'x' NOT NULL
    CONSTRAINT short_text_not_empty CHECK (VALUE <> '');
CREATE DOMAIN shorter AS short_text CHECK (length(VALUE) < 10);
CREATE TYPE pair AS (a integer, b text);
CREATE TYPE span AS RANGE (subtype = integer);
CREATE SEQUENCE tickets AS integer START 7 INCREMENT 5 MAXVALUE 1000 CACHE 3 CYCLE;

CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT n * 2';
CREATE FUNCTION twice(n text) RETURNS text LANGUAGE sql IMMUTABLE RETURN n || n;
CREATE PROCEDURE nothing(m mood) LANGUAGE sql AS '';
CREATE AGGREGATE largest(integer) (sfunc = int4larger, stype = integer);

CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY (START 100) PRIMARY KEY,
    name short_text,
    nick shorter,
    "Mood" mood DEFAULT 'ok',
    tags text[] NOT NULL DEFAULT '{}',
    home pair,
    years span,
    many int4multirange,
    born date,
    price numeric(10, 2) NOT NULL DEFAULT 0,
    doubled numeric GENERATED ALWAYS AS (price * 2) STORED,
    ticket integer DEFAULT nextval('tickets'),
    sorted text COLLATE "C",
    serial serial,
    CONSTRAINT customers_price_check CHECK (price >= 0),
    CONSTRAINT customers_name_key UNIQUE (name, born)
) WITH (fillfactor = 80, toast.autovacuum_enabled = false);
ALTER TABLE customers DROP COLUMN nick, ADD COLUMN nick shorter;
ALTER TABLE customers ALTER COLUMN price SET STATISTICS 500;
ALTER TABLE customers ADD CONSTRAINT later CHECK (twice(ticket) > 0) NOT VALID;
COMMENT ON TABLE customers IS 'people';
COMMENT ON COLUMN customers.name IS 'what they''re called';
COMMENT ON CONSTRAINT customers_price_check ON customers IS 'no gifts';
CREATE INDEX customers_lower ON customers (lower(name::text) text_pattern_ops DESC) INCLUDE (born) WHERE price > 1;
COMMENT ON INDEX customers_lower IS 'for searches';
CREATE UNIQUE INDEX "customers USING odd" ON customers USING btree (id, born NULLS FIRST);
GRANT SELECT, UPDATE ON customers TO reader WITH GRANT OPTION;
GRANT SELECT (name) ON customers TO PUBLIC;
CREATE TRIGGER stamp BEFORE INSERT OR UPDATE OF price ON customers
    FOR EACH ROW WHEN (NEW.price > 0) EXECUTE FUNCTION stamp();
ALTER TABLE customers ENABLE REPLICA TRIGGER stamp;
ALTER TABLE customers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON customers AS RESTRICTIVE FOR UPDATE TO reader, PUBLIC
    USING (name::text = current_user) WITH CHECK (price < 10);

CREATE TABLE "Order Lines" (
    "Id" integer NOT NULL,
    customer bigint NOT NULL,
    at timestamptz NOT NULL,
    room integer,
    during tsrange,
    PRIMARY KEY ("Id", at),
    CONSTRAINT lines_customer FOREIGN KEY (customer) REFERENCES customers ON DELETE CASCADE
        DEFERRABLE INITIALLY DEFERRED
) PARTITION BY RANGE (at);
CREATE INDEX lines_room ON "Order Lines" (room);
CREATE TABLE "lines 2024" PARTITION OF "Order Lines" FOR VALUES FROM ('2024-01-01 00:00+00') TO ('2025-01-01 00:00+00');
CREATE TABLE lines_rest PARTITION OF "Order Lines" DEFAULT PARTITION BY HASH ("Id");
CREATE TABLE lines_rest_0 PARTITION OF lines_rest FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE TRIGGER each_line AFTER DELETE ON "Order Lines" FOR EACH ROW EXECUTE FUNCTION stamp();

CREATE TABLE bookings (
    room integer,
    during tsrange,
    line integer,
    at timestamptz,
    EXCLUDE USING gist (during WITH &&) WHERE (room > 0),
    CONSTRAINT bookings_line FOREIGN KEY (line, at) REFERENCES "Order Lines" ("Id", at)
);
CREATE UNIQUE INDEX bookings_identity ON bookings (room);
ALTER TABLE bookings ALTER COLUMN room SET NOT NULL;
ALTER TABLE bookings REPLICA IDENTITY USING INDEX bookings_identity;
CREATE UNLOGGED TABLE scratch (v text);
CREATE VIEW cheap AS SELECT id, name FROM customers WHERE price < twice(1);
CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS n FROM bookings;
