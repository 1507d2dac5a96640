//! Lives of tokens are made longer on a real blue and put back exactly, whoever writes and whatever is killed meanwhile.

mod across;
mod around;
mod hydra;
mod kills;
mod lives;
mod roles;
mod rollback;
mod safeguards;
mod secrets;
mod settings;
mod stage;
mod throttle;
