-- The orders service, schema 1.X: what blue serves.
--
-- Names are unqualified: set search_path to the schema that shall hold them. No psql meta-commands, so a driver can
-- send the file as one simple query.

CREATE DOMAIN email_address AS text CHECK (VALUE LIKE '%_@_%');

CREATE TYPE order_status AS ENUM ('new', 'paid', 'shipped', 'cancelled');

CREATE TABLE countries (
    code     char(2) PRIMARY KEY,
    name     text    NOT NULL,
    currency char(3) NOT NULL
);

-- The dropped column leaves a hole in the attribute numbers, as a table with a past has one.
CREATE TABLE customers (
    id          bigserial PRIMARY KEY,
    email       email_address NOT NULL,
    old_ref     integer,
    name        text NOT NULL,
    phone       text NOT NULL DEFAULT '',
    country     char(2) REFERENCES countries (code),
    referred_by bigint REFERENCES customers (id) ON DELETE SET NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT customers_email_key UNIQUE (email)
);
ALTER TABLE customers DROP COLUMN old_ref;

CREATE TABLE stock_levels (
    warehouse  text    NOT NULL,
    sku        text    NOT NULL,
    on_hand    integer NOT NULL,
    reserved   integer NOT NULL DEFAULT 0,
    counted_at timestamptz,
    PRIMARY KEY (warehouse, sku)
);

-- `number` may be swapped between two orders by one UPDATE: its constraint is deferrable.
-- `weight` is kilograms as text, '' when unknown. `tags` is a comma list, `discount_codes` a `|` list.
-- `shipped_at` has no time zone and means UTC.
CREATE TABLE orders (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number         text NOT NULL,
    customer_id    bigint NOT NULL REFERENCES customers (id),
    status         order_status NOT NULL DEFAULT 'new',
    net            numeric(14, 4) NOT NULL,
    tax            numeric(14, 4) NOT NULL DEFAULT 0,
    gross          numeric(15, 4) GENERATED ALWAYS AS (net + tax) STORED,
    exchange_rate  numeric,
    weight         text NOT NULL DEFAULT '',
    tags           text NOT NULL DEFAULT '',
    discount_codes text NOT NULL DEFAULT '',
    external_ref   text,
    note           text,
    country        char(2) NOT NULL,
    ship_name      text,
    ship_street    text,
    ship_city      text,
    ship_postcode  text,
    bill_name      text,
    bill_street    text,
    bill_city      text,
    bill_postcode  text,
    placed_at      timestamptz,
    updated_at     timestamptz,
    shipped_at     timestamp,
    returned_at    timestamptz,
    replaces       bigint REFERENCES orders (id),
    CONSTRAINT orders_number_key UNIQUE (number) DEFERRABLE INITIALLY IMMEDIATE
);
CREATE INDEX orders_customer_idx ON orders (customer_id);
CREATE INDEX orders_replaces_idx ON orders (replaces) WHERE replaces IS NOT NULL;

CREATE TABLE "OrderLines" (
    "OrderId"   bigint  NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    "LineNo"    integer NOT NULL,
    "Warehouse" text,
    "Sku"       text,
    "Quantity"  integer NOT NULL CHECK ("Quantity" > 0),
    "UnitPrice" numeric(12, 2) NOT NULL,
    "LineTotal" numeric(14, 2) GENERATED ALWAYS AS ("Quantity" * "UnitPrice") STORED,
    "Gift Note" text,
    PRIMARY KEY ("OrderId", "LineNo"),
    FOREIGN KEY ("Warehouse", "Sku") REFERENCES stock_levels (warehouse, sku)
);
CREATE INDEX "OrderLines_Stock_idx" ON "OrderLines" ("Warehouse", "Sku");

CREATE TABLE events (
    id          bigint NOT NULL,
    happened_at timestamptz NOT NULL,
    order_id    bigint,
    kind        text NOT NULL,
    body        jsonb,
    PRIMARY KEY (happened_at, id)
) PARTITION BY RANGE (happened_at);
CREATE TABLE events_2024h1 PARTITION OF events
    FOR VALUES FROM ('2024-01-01 00:00:00+00') TO ('2024-07-01 00:00:00+00');
CREATE TABLE events_2024h2 PARTITION OF events
    FOR VALUES FROM ('2024-07-01 00:00:00+00') TO ('2025-01-01 00:00:00+00');
-- Loaded beside the parent and attached: its columns stand in another order.
CREATE TABLE events_2025h1 (
    kind        text NOT NULL,
    body        jsonb,
    happened_at timestamptz NOT NULL,
    id          bigint NOT NULL,
    order_id    bigint,
    PRIMARY KEY (happened_at, id)
);
ALTER TABLE events ATTACH PARTITION events_2025h1
    FOR VALUES FROM ('2025-01-01 00:00:00+00') TO ('2025-07-01 00:00:00+00');
CREATE TABLE events_other PARTITION OF events DEFAULT;

-- Many types whose exact value is easy to lose on the way.
CREATE TABLE audit_log (
    id          bigserial PRIMARY KEY,
    logged_at   timestamptz NOT NULL DEFAULT now(),
    actor       text,
    payload     jsonb,
    document    json,
    raw         bytea,
    score       double precision,
    ratio       real,
    amount      numeric,
    labels      text[],
    grid        integer[],
    took        interval,
    valid_until date,
    valid_range tstzrange,
    address     inet,
    request_id  uuid,
    mask        bit varying(16)
);
CREATE INDEX audit_log_logged_at_idx ON audit_log (logged_at);

-- No primary key, and gone in 2.X.
CREATE TABLE legacy_flags (
    order_id bigint NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    flag     text   NOT NULL
);
