//! Connections to the servers of targets.

use crate::error::{Effect, Error, Result};
use crate::model::address::Address as Place;
use crate::model::names;
use crate::model::traffic::Target;
use crate::pg::{Address, Console};

/// Where a target's server is; `database` instead of what the address says.
pub(super) fn address(target: &Target, place: &Place, database: Option<&str>) -> Result<Address> {
    let who = format!("traffic target `{}`", target.name);
    let address = Address::beside(&who, place, &|name| std::env::var(name).ok())?;
    match database {
        Some(name) => address.with_database(name),
        None => Ok(address),
    }
}

/// Connects to a target's server.
pub(super) async fn connect(
    target: &Target,
    place: &Place,
    database: Option<&str>,
) -> Result<Console> {
    let address = address(target, place, database)?;
    let application = names::application(&target.name, "traffic");
    Console::connect(&address, &application, target.timeout)
        .await
        // Nothing was sent.
        .map_err(|error: Error| error.left(Effect::None))
}
