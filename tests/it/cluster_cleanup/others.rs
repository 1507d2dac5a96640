//! What others have made is neither dropped nor changed, whatever it needs of ours.

use super::scene::{NAME, Scene, schemas};
use crate::cluster_back::stage::DATABASE;

#[test]
fn a_view_of_others_keeps_what_it_reads() {
    let scene = Scene::cut_over();
    let stage = &scene.stage;
    stage.on_green(
        "CREATE VIEW reporting.old AS SELECT challenge, subject FROM greenlight_landing.logins",
    );
    // A rename harms no view.
    scene
        .cleanup(&["--give-up-way-back", NAME, "--unseal", NAME])
        .with(0);
    let rows = stage.on_green("SELECT count(*) FROM reporting.old");
    let refused = scene.cleanup(&["--purge", NAME]).error(3, "GL0416");
    assert!(
        refused.to_string().contains("view reporting.old"),
        "{refused:#}"
    );
    assert_eq!(stage.on_green("SELECT count(*) FROM reporting.old"), rows);
    stage.on_green(
        "DROP VIEW reporting.old; CREATE VIEW reporting.steps AS SELECT id FROM greenlight.step",
    );
    let refused = scene.cleanup(&["--purge", NAME]).error(3, "GL0416");
    assert!(
        refused.to_string().contains("view reporting.steps"),
        "{refused:#}"
    );
    assert_ne!(stage.on_green("SELECT count(*) FROM reporting.steps"), "0");
    stage.on_green("DROP VIEW reporting.steps");
    scene.cleanup(&["--purge", NAME]).with(0);
    scene.blue_is_as_before();
    scene.green_is_2_x();
}

#[test]
fn before_own_nothing_is_begun_while_others_are_in_the_way() {
    let scene = Scene::built();
    let stage = &scene.stage;
    let ours = schemas(&stage.pair.green);
    for (made, named, dropped) in [
        (
            "CREATE TABLE public.mine (id integer)",
            "mine",
            "DROP TABLE public.mine",
        ),
        (
            "CREATE VIEW reporting.waiting AS SELECT id FROM greenlight_next.flows",
            "view reporting.waiting",
            "DROP VIEW reporting.waiting",
        ),
        (
            "CREATE TABLE reporting.seat (id bigint REFERENCES public.seats)",
            "seat_id_fkey",
            "DROP TABLE reporting.seat",
        ),
    ] {
        stage.on_green(made);
        let refused = scene.cleanup(&["--all"]).error(3, "GL0416");
        assert!(refused.to_string().contains(named), "{refused:#}");
        assert_eq!(schemas(&stage.pair.green), ours);
        let subscribed = "SELECT count(*) FROM pg_subscription WHERE subname LIKE 'greenlight_service_1_to_2\\_\\_%'";
        assert_eq!(stage.on_green(subscribed), "1");
        stage.on_green(dropped);
    }
    scene.cleanup(&["--all"]).with(0);
    scene.blue_is_as_before();
    scene.green_is_as_before();
}

/// Green is blue for the next plan: its markers and its fence stand in a schema of the same name.
#[test]
fn what_another_plan_has_in_our_schema_stays() {
    let scene = Scene::cut_over();
    let stage = &scene.stage;
    stage.on_green(
        "CREATE TABLE greenlight.link (plan text PRIMARY KEY, green text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
         INSERT INTO greenlight.link (plan, green) VALUES ('service-2-to-3', 'another')",
    );
    stage.on_green(include_str!("../../../sql/fence/room.sql"));
    stage.on_green(
        "INSERT INTO greenlight.fence (plan, epoch, state) VALUES ('service-2-to-3', 1, 'sealed');
         CREATE FUNCTION greenlight.fence() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'sealed'; END $$;
         CREATE TRIGGER greenlight_fence BEFORE DELETE ON seats FOR EACH STATEMENT EXECUTE FUNCTION greenlight.fence()",
    );
    scene
        .cleanup(&["--give-up-way-back", NAME, "--purge", NAME])
        .with(0);
    assert_eq!(scene.schemas(), "greenlight");
    let left = "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'greenlight'::regnamespace AND relkind IN ('r', 'S')";
    assert_eq!(stage.on_green(left), "fence leak link marker_main rejected");
    let sealed = stage.pair.green.try_psql(DATABASE, "DELETE FROM seats");
    assert!(sealed.is_err_and(|said| said.contains("sealed")));
    scene.cleanup(&[]).error(3, "GL0404");
}
