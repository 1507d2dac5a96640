//! A cutover writes nothing into blue's own tables: not even the row with which it tries the way back.

use super::stage::Stage;
use crate::support::writers::Kind;

/// What comes back of an amount that 2.X rounds up to more than 1.X can hold.
const CUT: &str = "SELECT count(*) FROM orders WHERE net = 9999999999.99";

#[test]
fn the_row_that_tries_the_way_back_stays_as_it_was_on_blue() {
    let all = "UPDATE orders SET net = 9999999999.9999";
    let stage = Stage::prepared(Kind::Shop, 74, 5000, &[all]);
    stage.must(&stage.migration.cutover());
    assert_eq!(stage.migration.pair.blue.psql("blue", CUT), "0");
    let tried =
        "SELECT count(*) FROM greenlight.journal WHERE what ~ ', [1-9][0-9]* more were tried'";
    assert_eq!(stage.migration.on_green(tried), "1");
    stage.green_owns();
}
