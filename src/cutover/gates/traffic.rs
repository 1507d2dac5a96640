//! Gates about what stands in front of the service.

use super::super::gate::Gate;
use crate::model::Side;
use crate::state::Run;
use crate::traffic::Traffic;

pub(super) async fn look(run: &Run) -> Vec<Gate> {
    let traffic = Traffic::new(&run.migration);
    let mut gates = Vec::new();
    for n in 0..traffic.len() {
        let read = async {
            let reading = traffic.read(n).await?;
            let wrong = traffic.examine(n).await?;
            let open = reading.side == Some(Side::Blue) && !reading.held && wrong.is_empty();
            let value = if wrong.is_empty() {
                reading.detail
            } else {
                wrong.join("; ")
            };
            Ok((value, open))
        };
        gates.push(Gate::of(
            "traffic target",
            "readable, on blue, not held",
            "a target that cannot be read cannot be flipped",
            read.await,
            "see what the target says; `greenlight abort` releases one that is held",
            "cutover",
        ));
    }
    gates
}
