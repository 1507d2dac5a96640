//! Green's schemas: the 2.X one is made and moved aside, landing takes its place, and own swaps them back.
//!
//! May import `error`, `model`, `pg`, `state`, `converge`.
//! Invariants: every function looks at the world before it acts, so that it may be called again at any time; what was made
//! by somebody else is never dropped.

mod back;
mod build;
mod capture;
mod crew;
mod deletes;
mod detach;
mod discard;
mod exact;
mod inventory;
mod keyed;
mod landing;
mod own;
mod prepare;
mod publish;
mod quarantine;
mod references;
mod remove;
mod shape;
mod subscribe;
mod turn;
mod untie;
mod validate;

pub use back::{back_builds, capture_back, drop_back_indexes};
pub use build::{build_all, build_beside_apply};
pub use capture::{capture, capture_late, capture_statements};
pub use crew::each;
pub use deletes::{keep_deletes, keep_removal_rule};
pub use detach::{attach, detach};
pub use discard::discard;
pub use exact::{enable, exact_statements, subscribe_behind, watched};
pub use inventory::{Kind, Object, on_blue, on_green};
pub use keyed::origin_builds;
pub use landing::{alter_carried, make_landing, record_sequences};
pub use own::{make_ready, own, rehearse};
pub use prepare::{Layout, layout, make_schema, ours, prepare, refuse_green};
pub use publish::{arm_markers, followed_by_another, link_statements, publish, unpublish};
pub use quarantine::{Quarantine, put_away, quarantine};
pub use references::check_references;
pub use remove::{only_ours, remove_built, remove_record};
pub use subscribe::{subscribe, subscriptions, unsubscribe, until_ready};
pub use turn::{
    LOSS_ACCEPTED, count_losses, forget_losses, keep_losses, leave_blue, sequences_back,
};
pub use untie::untie;
pub use validate::validate;
