//! The function that the fence's triggers call, in its three bodies.

use crate::model::ident::{quote_literal, quote_qualified};
use crate::model::{Side, names};

/// What the function does with a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// Lets it pass.
    Open,
    /// Refuses it until the deadline in `greenlight.fence`; lets it pass afterwards, and counts it.
    UntilDeadline,
    /// Refuses it.
    Sealed,
}

/// The triggers' function.
pub(super) fn name() -> String {
    quote_qualified(names::STORE, names::FENCE)
}

/// The statement that gives the function this body. It replaces the old one in a moment, whoever reads the tables.
///
/// The refusal is SQLSTATE 25006, as of a standby: what drivers and pools know as "not here, not now". The counters are
/// sequences, which a transaction that is refused moves all the same.
pub(super) fn statement(plan: &str, side: Side, body: Body) -> String {
    let refuse = |message: &str, hint: &str| {
        format!(
            "PERFORM pg_catalog.nextval('greenlight.rejected');
        RAISE EXCEPTION USING ERRCODE = 'read_only_sql_transaction', MESSAGE = {}, HINT = {};",
            quote_literal(message),
            quote_literal(hint)
        )
    };
    let (turn, leads) = match side {
        Side::Blue => ("cutover", "Connect to the new server."),
        Side::Green => ("rollback", "Connect to the server that it came from."),
    };
    let stopped = format!("greenlight has stopped writes for the {turn} of plan \"{plan}\"");
    let hint = format!(
        "Try again in a moment: they go on here by themselves if the {turn} does not come about."
    );
    let moved =
        format!("greenlight has moved this database's data to another server by plan \"{plan}\"");
    let text = match body {
        Body::Open => "RETURN NULL;".to_owned(),
        // The deadline is text in the body: a table's row would be read by the snapshot of an old transaction.
        Body::UntilDeadline => format!(
            "IF pg_catalog.clock_timestamp() < '%s'::pg_catalog.timestamptz THEN
        {}
    END IF;
    PERFORM pg_catalog.nextval('greenlight.leak');
    RETURN NULL;",
            refuse(&stopped, &hint).replace('%', "%%")
        ),
        Body::Sealed => refuse(&moved, leads),
    };
    let whole = format!(
        "CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $fence$
BEGIN
    {text}
END
$fence$",
        name()
    );
    if body == Body::UntilDeadline {
        let whole = whole.replacen("'%s'", "'%1$s'", 1);
        return format!(
            "DO $do$ BEGIN EXECUTE format({}, (SELECT deadline FROM greenlight.fence)); END $do$",
            quote_literal(&whole)
        );
    }
    whole
}
