//! Mistakes in what a plan says of the cutover, and what a good one comes to.

use std::time::Duration;

use super::bad::{Case, P};
use super::{BLUE, EXPECT, catalog, compiled, folder};
use crate::model::traffic::{Act, Driver, HaproxyHold, Socket};

/// As in `bad`: what is changed, and the first error with its place.
pub(super) const CASES: &[Case] = &[
    (
        "a target without a driver",
        &[(P, "[vars]", "[[traffic]]\nname = \"x\"\n[vars]")],
        "GL0102 plan.toml:4",
    ),
    (
        "a target with two drivers",
        &[(
            P,
            "[vars]",
            "[[traffic]]\nfile = { path = \"a\", blue = \"b\", green = \"g\" }\ncommand = { point = [\"p\"] }\n[vars]",
        )],
        "GL0102 plan.toml:5",
    ),
    (
        "a flip without a read-back",
        &[(
            P,
            "[vars]",
            "[[traffic]]\ncommand = { point = [\"./flip\", \"{side}\"] }\n[vars]",
        )],
        "GL0124 plan.toml:5",
    ),
    (
        "a flip that does not name the side",
        &[(
            P,
            "[vars]",
            "[[traffic]]\ncommand = { point = [\"./flip\"], read = [\"./which\"] }\n[vars]",
        )],
        "GL0124 plan.toml:5",
    ),
    (
        "an UPDATE that does not name the side",
        &[(
            P,
            "[vars]",
            "[[traffic]]\n[traffic.sql]\nat = { service = \"r\" }\npoint = \"UPDATE r SET s = ':side'\"\nread = \"SELECT s FROM r\"\n[vars]",
        )],
        "GL0124 plan.toml:7",
    ),
    (
        "a hold without a release",
        &[(
            P,
            "[vars]",
            "[[traffic]]\ncommand = { point = [\"f\", \"{side}\"], read = [\"w\"], hold = [\"h\"] }\n[vars]",
        )],
        "GL0124 plan.toml:5",
    ),
    (
        "two targets of one name",
        &[(
            P,
            "[vars]",
            "[[traffic]]\nfile = { path = \"a\", blue = \"b\", green = \"g\" }\n[[traffic]]\nfile = { path = \"b\", blue = \"b\", green = \"g\" }\n[vars]",
        )],
        "GL0124 plan.toml:6",
    ),
    (
        "sides that are the same",
        &[(
            P,
            "[vars]",
            "[[traffic]]\n[traffic.pgbouncer]\nadmin = { service = \"p\" }\ndatabase = \"d\"\nfile = \"f\"\nblue = \"host=a\"\ngreen = \"host=a port=5432\"\n[vars]",
        )],
        "GL0124 plan.toml:10",
    ),
    (
        "a server of both sides",
        &[(
            P,
            "[vars]",
            "[[traffic]]\nhaproxy = { socket = \"s\", frontend = \"f\", backend = \"b\", blue = \"v1\", green = [\"v2\", \"v1\"] }\n[vars]",
        )],
        "GL0124 plan.toml:5",
    ),
    (
        "a console with two addresses",
        &[(
            P,
            "[vars]",
            "[[traffic]]\n[traffic.sql]\nat = { service = \"r\", url = \"postgres://h/d\" }\npoint = \"SELECT :'side'\"\nread = \"SELECT 1\"\n[vars]",
        )],
        "GL0102 plan.toml:6",
    ),
    (
        "a password in a console's URL",
        &[(
            P,
            "[vars]",
            "[[traffic]]\n[traffic.sql]\nat = { url = \"postgres://a:secret@h/d\" }\npoint = \"SELECT :'side'\"\nread = \"SELECT 1\"\n[vars]",
        )],
        "GL0114 plan.toml:6",
    ),
    (
        "a password in PgBouncer's words",
        &[(
            P,
            "[vars]",
            "[[traffic]]\n[traffic.pgbouncer]\nadmin = { service = \"p\" }\ndatabase = \"d\"\nfile = \"f\"\nblue = \"host=a\"\ngreen = \"host=b password=secret\"\n[vars]",
        )],
        "GL0114 plan.toml:10",
    ),
    (
        "lost writes that nobody holds",
        &[(P, "[vars]", "[cutover]\nacks_refused_writes = true\n[vars]")],
        "GL0124 plan.toml:5",
    ),
    (
        "a hook that is two things",
        &[(
            P,
            "[vars]",
            "[cutover]\nbefore = [{ command = [\"a\"], http = \"http://b\" }]\n[vars]",
        )],
        "GL0124 plan.toml:5",
    ),
    (
        "a canary that does nothing",
        &[(P, "[vars]", "[canary]\nwithin = \"1s\"\n[vars]")],
        "GL0124 plan.toml:4",
    ),
];

#[test]
fn a_plan_says_what_is_moved_and_how() {
    let text = r#"[[traffic]]
name = "front"
timeout = "3s"
haproxy = { socket = "run/admin.sock", frontend = "f", backend = "b", blue = "v1", green = ["v2", "v3"], hold = "turn_away" }
[[traffic]]
pgbouncer = { admin = { url_env = "ADMIN" }, database = "shop", file = "shop.ini", blue = "host=a", green = "host=b" }
[cutover]
acks_refused_writes = true
before = [{ command = ["./start"] }, { http = "http://v2/ready", body = "ok", within = "1min" }]
[canary]
landed = "SELECT true"
[observe]
for = "5min"
[vars]"#;
    let with = folder(&[(P, "[vars]", text)]);
    let migration = compiled(with.path(), &catalog(BLUE), &catalog(EXPECT))
        .unwrap()
        .migration;
    let names: Vec<&str> = migration
        .traffic
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(names, ["front", "pgbouncer"]);
    let Driver::Haproxy(haproxy) = &migration.traffic[0].driver else {
        panic!("{:?}", migration.traffic[0]);
    };
    let socket = Socket::Unix(with.path().join("run/admin.sock"));
    assert_eq!(
        (&haproxy.socket, haproxy.hold, haproxy.strict),
        (&socket, HaproxyHold::TurnAway, true)
    );
    assert_eq!(migration.traffic[0].timeout, Duration::from_secs(3));
    assert_eq!(migration.traffic[1].timeout, Duration::from_secs(10));
    assert!(
        migration
            .traffic
            .iter()
            .all(crate::model::traffic::Target::can_hold)
    );
    let cutover = &migration.cutover;
    assert_eq!(cutover.observe, Some(Duration::from_secs(300)));
    assert_eq!(cutover.before[0].act, Act::Command(vec!["./start".into()]));
    assert_eq!(cutover.before[1].within, Duration::from_secs(60));

    // It decides about no row, so a migration that has begun goes on with another flip.
    let without = folder(&[]);
    let other = compiled(without.path(), &catalog(BLUE), &catalog(EXPECT)).unwrap();
    assert_eq!(other.migration.digests, migration.digests);
}
