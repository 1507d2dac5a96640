//! Gates about what stands in front of the service.

use super::super::gate::Gate;
use crate::model::Side;
use crate::state::Run;
use crate::traffic::Traffic;

/// `serving` is the side to which every target has to point; `held` whether what was not finished may have held some.
pub(super) async fn look(run: &Run, serving: Side, held: bool) -> Vec<Gate> {
    let traffic = Traffic::new(&run.migration);
    let mut gates = Vec::new();
    for n in 0..traffic.len() {
        let read = async {
            let reading = traffic.read(n).await?;
            let wrong = traffic.examine(n).await?;
            let free = !reading.held || held;
            let open = reading.side == Some(serving) && free && wrong.is_empty();
            let value = if reading.held && open {
                format!("{}; held by what was not finished", reading.detail)
            } else if wrong.is_empty() {
                reading.detail
            } else {
                wrong.join("; ")
            };
            Ok((value, open))
        };
        gates.push(Gate::of(
            "traffic target",
            format!("readable, on {serving}, not held"),
            "a target that cannot be read cannot be flipped",
            read.await,
            "see what the target says; `greenlight abort` releases one that is held",
            match serving {
                Side::Blue => "cutover",
                Side::Green => "rollback",
            },
        ));
    }
    gates
}
