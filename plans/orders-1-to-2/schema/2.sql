-- The orders service, schema 2.X: what green will serve.
--
-- Names are unqualified: set search_path to the schema that shall hold them. No psql meta-commands, so a driver can
-- send the file as one simple query. The role is the cluster's, so it is made only where it is missing.

DO $role$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'orders_app') THEN
        CREATE ROLE orders_app NOLOGIN;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL; -- another session was faster
END
$role$;

CREATE DOMAIN email_address AS text CHECK (VALUE LIKE '%_@_%');

-- 1.X said `new` for `pending` and had no `returned`.
CREATE TYPE order_status AS ENUM ('pending', 'paid', 'shipped', 'returned', 'cancelled');

CREATE TABLE settings (
    key   text PRIMARY KEY,
    value jsonb NOT NULL
);
INSERT INTO settings (key, value) VALUES
    ('schema.version', '2'),
    ('orders.number.prefix', '"A-"'),
    ('orders.default', '{"currency": "EUR", "channels": ["web", "shop"]}');

CREATE TABLE countries (
    code     char(2) PRIMARY KEY,
    name     text    NOT NULL,
    currency char(3) NOT NULL
);

-- Carried: region is a constant, email_domain is computed, phone may now be absent.
CREATE TABLE customers (
    id           bigserial PRIMARY KEY,
    email        email_address NOT NULL,
    name         text NOT NULL,
    phone        text DEFAULT '',
    country      char(2) REFERENCES countries (code),
    referred_by  bigint REFERENCES customers (id) ON DELETE SET NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    region       text NOT NULL,
    email_domain text NOT NULL DEFAULT '',
    CONSTRAINT customers_email_key UNIQUE (email)
);
CREATE INDEX customers_email_lower_idx ON customers (lower(email::text));
CREATE INDEX customers_email_domain_idx ON customers (email_domain);

CREATE TABLE stock_levels (
    warehouse  text    NOT NULL,
    sku        text    NOT NULL,
    on_hand    integer NOT NULL,
    reserved   integer NOT NULL DEFAULT 0,
    counted_at timestamptz,
    PRIMARY KEY (warehouse, sku)
);

-- Reshaped under its old name.
CREATE TABLE orders (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number         text NOT NULL,
    customer_id    bigint NOT NULL REFERENCES customers (id),
    contact_email  email_address NOT NULL,
    region         text NOT NULL,
    status         order_status NOT NULL DEFAULT 'pending',
    currency       char(3) NOT NULL,
    country        char(2) NOT NULL,
    net_cents      bigint NOT NULL,
    tax_cents      bigint NOT NULL DEFAULT 0,
    gross_cents    bigint GENERATED ALWAYS AS (net_cents + tax_cents) STORED,
    exchange_rate  numeric,
    weight_grams   integer,
    tags           text[] NOT NULL DEFAULT '{}',
    discount_codes jsonb NOT NULL DEFAULT '[]',
    external_ref   text,
    note           text,
    placed_at      timestamptz NOT NULL,
    placed_on      date GENERATED ALWAYS AS ((placed_at AT TIME ZONE 'UTC')::date) STORED,
    changed_at     timestamptz NOT NULL,
    shipped_at     timestamptz,
    replaces       bigint,
    revision       integer NOT NULL DEFAULT 1,
    CONSTRAINT orders_number_key UNIQUE (number),
    CONSTRAINT orders_net_not_negative CHECK (net_cents >= 0),
    CONSTRAINT orders_shipped_after_placed CHECK (shipped_at >= placed_at),
    CONSTRAINT orders_external_ref_once EXCLUDE USING hash (external_ref WITH =) WHERE (external_ref IS NOT NULL),
    CONSTRAINT orders_country_fkey FOREIGN KEY (country) REFERENCES countries (code),
    CONSTRAINT orders_replaces_fkey FOREIGN KEY (replaces) REFERENCES orders (id) DEFERRABLE INITIALLY DEFERRED
) WITH (fillfactor = 90);
CREATE INDEX orders_customer_idx ON orders (customer_id);
CREATE INDEX orders_open_idx ON orders (placed_at) WHERE status IN ('pending', 'paid');
CREATE UNIQUE INDEX orders_number_lower_key ON orders (lower(number));
CREATE INDEX orders_tags_idx ON orders USING gin (tags);
ALTER TABLE orders ALTER COLUMN customer_id SET STATISTICS 500;
CREATE STATISTICS orders_country_currency (dependencies) ON country, currency FROM orders;

-- Split out of orders: one shipping row each, a billing row where 1.X had one.
CREATE TABLE order_addresses (
    order_id  bigint NOT NULL,
    kind      text NOT NULL,
    recipient text NOT NULL,
    street    text NOT NULL,
    city      varchar(60) NOT NULL,
    postcode  text,
    country   char(2) NOT NULL,
    PRIMARY KEY (order_id, kind),
    CONSTRAINT order_addresses_kind CHECK (kind IN ('shipping', 'billing')),
    CONSTRAINT order_addresses_order_fkey FOREIGN KEY (order_id) REFERENCES orders (id)
        ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX order_addresses_postcode_idx ON order_addresses (country, postcode) WHERE postcode IS NOT NULL;

CREATE TABLE "OrderLines" (
    "OrderId"   bigint  NOT NULL,
    "LineNo"    integer NOT NULL,
    "Warehouse" text,
    "Sku"       text,
    "Quantity"  integer NOT NULL CHECK ("Quantity" > 0),
    "UnitPrice" numeric(12, 2) NOT NULL,
    "LineTotal" numeric(14, 2) GENERATED ALWAYS AS ("Quantity" * "UnitPrice") STORED,
    "Gift Note" text,
    region      text    NOT NULL,
    PRIMARY KEY ("OrderId", "LineNo"),
    CONSTRAINT "OrderLines_Order_fkey" FOREIGN KEY ("OrderId") REFERENCES orders (id)
        ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT "OrderLines_Stock_fkey" FOREIGN KEY ("Warehouse", "Sku") REFERENCES stock_levels (warehouse, sku)
);
CREATE INDEX "OrderLines_Stock_idx" ON "OrderLines" ("Warehouse", "Sku");

CREATE TABLE events (
    id          bigint NOT NULL,
    happened_at timestamptz NOT NULL,
    order_id    bigint,
    kind        text NOT NULL,
    body        jsonb,
    region      text NOT NULL,
    PRIMARY KEY (happened_at, id)
) PARTITION BY RANGE (happened_at);
CREATE TABLE events_2024h1 PARTITION OF events
    FOR VALUES FROM ('2024-01-01 00:00:00+00') TO ('2024-07-01 00:00:00+00');
CREATE TABLE events_2024h2 PARTITION OF events
    FOR VALUES FROM ('2024-07-01 00:00:00+00') TO ('2025-01-01 00:00:00+00');
CREATE TABLE events_2025h1 PARTITION OF events
    FOR VALUES FROM ('2025-01-01 00:00:00+00') TO ('2025-07-01 00:00:00+00');
CREATE TABLE events_other PARTITION OF events DEFAULT;
CREATE INDEX events_order_idx ON events (order_id) WHERE order_id IS NOT NULL;

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
CREATE INDEX audit_log_payload_idx ON audit_log USING gin (payload jsonb_path_ops);

-- New and empty.
CREATE TABLE refunds (
    id           bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    order_id     bigint NOT NULL REFERENCES orders (id),
    amount_cents bigint NOT NULL CHECK (amount_cents > 0),
    refunded_at  timestamptz NOT NULL DEFAULT now()
);

CREATE VIEW order_overview AS
SELECT o.id, o.number, o.status, o.placed_on, o.gross_cents, o.currency, c.name AS customer, a.city AS ship_city,
       (SELECT count(*) FROM "OrderLines" l WHERE l."OrderId" = o.id) AS lines
FROM orders o
JOIN customers c ON c.id = o.customer_id
LEFT JOIN order_addresses a ON a.order_id = o.id AND a.kind = 'shipping';

CREATE FUNCTION orders_touch() RETURNS trigger LANGUAGE plpgsql AS $touch$
BEGIN
    NEW.revision := OLD.revision + 1;
    NEW.changed_at := now();
    RETURN NEW;
END
$touch$;
CREATE TRIGGER orders_touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION orders_touch();

ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
CREATE POLICY customers_of_region ON customers TO orders_app
    USING (region = current_setting('orders.region', true));

COMMENT ON TABLE orders IS 'One row an order; money in cents of `currency`';
COMMENT ON COLUMN orders.tags IS 'Was a comma list in 1.X';
COMMENT ON COLUMN orders.revision IS 'Counted by the trigger orders_touch';
COMMENT ON TABLE "OrderLines" IS 'It''s priced when the order is placed';
COMMENT ON COLUMN "OrderLines"."Gift Note" IS 'Printed as it is, "quotes" and all';
COMMENT ON COLUMN customers.email_domain IS 'The part of email after its first @';
COMMENT ON VIEW order_overview IS 'For the back office';

GRANT SELECT, INSERT, UPDATE, DELETE ON customers, orders, order_addresses, "OrderLines", events, refunds TO orders_app;
GRANT SELECT ON countries, settings, order_overview TO orders_app;
GRANT SELECT, UPDATE (on_hand, reserved, counted_at) ON stock_levels TO orders_app;
GRANT INSERT ON audit_log TO orders_app;
GRANT USAGE ON SEQUENCE customers_id_seq, audit_log_id_seq TO orders_app;
REVOKE ALL ON FUNCTION orders_touch() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION orders_touch() TO orders_app;
