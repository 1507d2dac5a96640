//! What `status` looks like.

use super::*;

fn step(id: &str, state: Progression, done: u64) -> StepState {
    StepState {
        id: id.to_owned(),
        title: format!("do {id}"),
        state,
        done,
        total: 61,
        rows: done * 1000,
        took_ms: done * 700,
    }
}

fn sample() -> StatusView {
    StatusView {
        plan: "hydra".to_owned(),
        state: "green is being built; blue serves.".to_owned(),
        owner: Some(Side::Blue),
        epoch: 3,
        since: "2026-07-01 12:00:04 UTC".to_owned(),
        steps: vec![
            step("seed", Progression::Done, 61),
            step("backfill", Progression::Interrupted, 20),
            step("index", Progression::Pending, 0),
        ],
        following: None,
        fence: None,
        lives: None,
        quarantine: None,
        revocations: None,
        running: None,
        paused: Some(Paused {
            by: "ana".to_owned(),
            since: "2026-07-01 12:31:00 UTC".to_owned(),
        }),
        stopped: Some(Stopped {
            step: "backfill".to_owned(),
            code: "GL0506".to_owned(),
            at: "2026-07-01 12:31:04 UTC".to_owned(),
        }),
        safe_to_walk_away: WalkAway {
            safe: true,
            why: "blue is not touched, and finished batches are kept".to_owned(),
        },
        way_back: "none needed: drop green".to_owned(),
        back: None,
        deletes: None,
        next: "greenlight resume plan.toml".to_owned(),
    }
}

#[test]
fn for_a_person() {
    insta::assert_snapshot!(sample().human(&Paper::plain(100)), @r#"
Plan hydra: green is being built; blue serves.
owner              blue (epoch 3)
begun              2026-07-01 12:00:04 UTC
at work            nobody
stopped            at backfill with GL0506, 2026-07-01 12:31:04 UTC; `greenlight explain GL0506`
paused             by ana since 2026-07-01 12:31:00 UTC; `greenlight resume` allows it again
safe to walk away  yes: blue is not touched, and finished batches are kept
way back           none needed: drop green

step      state        what it does  done    rows  time
───────────────────────────────────────────────────────
seed      done         do seed             61,000  43 s
backfill  interrupted  do backfill   32 %  20,000  14 s
index     pending      do index

next: greenlight resume plan.toml
"#);
}

#[test]
fn an_unknown_owner_is_said() {
    let mut view = sample();
    view.owner = None;
    view.next = String::new();
    let text = view.human(&Paper::plain(100));
    assert!(text.contains("cannot tell"), "{text}");
    assert!(text.ends_with("nothing is left to do"));
}

#[test]
fn for_a_program() {
    let mut view = sample();
    view.steps.truncate(1);
    insta::assert_snapshot!(serde_json::to_string(&view).unwrap(), @r#"{"plan":"hydra","state":"green is being built; blue serves.","owner":"blue","epoch":3,"since":"2026-07-01 12:00:04 UTC","steps":[{"id":"seed","title":"do seed","state":"done","done":61,"total":61,"rows":61000,"took_ms":42700}],"running":null,"paused":{"by":"ana","since":"2026-07-01 12:31:00 UTC"},"stopped":{"step":"backfill","code":"GL0506","at":"2026-07-01 12:31:04 UTC"},"safe_to_walk_away":{"safe":true,"why":"blue is not touched, and finished batches are kept"},"way_back":"none needed: drop green","next":"greenlight resume plan.toml"}"#);
}
