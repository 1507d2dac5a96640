use std::collections::HashMap;

use super::*;

fn resolve(
    flag: Option<&str>,
    service: Option<&str>,
    variable: Option<&str>,
    env: &[(&str, &str)],
) -> Result<Address> {
    let env: HashMap<&str, &str> = env.iter().copied().collect();
    Address::resolve(Side::Blue, flag, service, variable, &|name| {
        env.get(name).map(|value| (*value).to_owned())
    })
}

fn value<'a>(env: &'a [(&'static str, String)], name: &str) -> Option<&'a str> {
    env.iter()
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value.as_str())
}

#[test]
fn the_flag_wins_over_the_service_and_that_over_the_variable() {
    let folder = tempfile::tempdir().unwrap();
    let services = folder.path().join("services");
    std::fs::write(&services, "[orders]\nhost=from-service\nport=7\nuser=su\n").unwrap();
    let services = services.display().to_string();
    let env = [
        ("URL", "postgres://v@from-variable/x"),
        ("PGSERVICEFILE", services.as_str()),
        ("USER", "os"),
        ("PGDATABASE", "fallback"),
    ];
    let all = resolve(Some("host=from-flag"), Some("orders"), Some("URL"), &env).unwrap();
    assert_eq!(all.shown(), "from-flag:5432/fallback as os");
    let two = resolve(None, Some("orders"), Some("URL"), &env).unwrap();
    assert_eq!(two.shown(), "from-service:7/fallback as su");
    let one = resolve(None, None, Some("URL"), &env).unwrap();
    assert_eq!(one.shown(), "from-variable:5432/x as v");
    let service = resolve(Some("service=orders dbname=d port=8"), None, None, &env).unwrap();
    assert_eq!(service.shown(), "from-service:8/d as su");
}

#[test]
fn a_side_without_an_address_is_refused() {
    let none = resolve(None, None, None, &[]).unwrap_err();
    assert_eq!(none.code(), Code::SideNotNamed);
    let unset = resolve(None, None, Some("URL"), &[("URL", " ")]).unwrap_err();
    assert_eq!(unset.code(), Code::SideNotNamed);
    assert!(unset.condition().contains("`URL`"));
}

#[test]
fn mistakes_are_named_and_passwords_are_not() {
    for (text, part) in [
        ("postgres://u:s3cret@h/d?sslmode=maybe", "sslmode"),
        ("postgres://u:s3cret@h:port/d", "port"),
        ("postgres://u:s3cret@h/d?colour=red", "`colour`"),
        (
            "host=h user=u password=s3cret sslmode=verify-full",
            "sslrootcert",
        ),
        (
            "host=h user=u password=s3cret sslmode=require sslrootcert=system",
            "verify-full",
        ),
        (
            "host=h user=u password=s3cret connect_timeout=soon",
            "connect_timeout",
        ),
        ("host=h user=u password='s3cret", "not closed"),
        (
            "host=a,b user=u port=1,2,3 password=s3cret",
            "different numbers",
        ),
        ("host=h password=s3cret", "no user"),
    ] {
        let error = resolve(Some(text), None, None, &[]).unwrap_err();
        assert_eq!(error.code(), Code::BadAddress, "{text}");
        assert!(error.condition().contains(part), "{error}");
        assert!(
            !format!("{error} {error:?}").contains("s3cret"),
            "{error:?}"
        );
    }
}

#[test]
fn no_password_is_shown() {
    let address = resolve(Some("postgres://u:s3cret@h/d"), None, None, &[]).unwrap();
    assert!(!format!("{address} {address:?} {:?}", address.configs()).contains("s3cret"));
    assert_eq!(value(&address.env(), "PGPASSWORD"), Some("s3cret"));
}

#[test]
fn a_child_gets_the_same_address() {
    let address = resolve(
        Some("postgres://u@h/d?sslmode=verify-full&sslrootcert=/ca.pem"),
        None,
        None,
        &[("PGPASSWORD", "p")],
    )
    .unwrap();
    let env = address.with_database("other").unwrap().env();
    for (name, expected) in [
        ("PGHOST", "h"),
        ("PGPORT", "5432"),
        ("PGUSER", "u"),
        ("PGDATABASE", "other"),
        ("PGPASSWORD", "p"),
        ("PGSSLMODE", "verify-full"),
        ("PGSSLROOTCERT", "/ca.pem"),
    ] {
        assert_eq!(value(&env, name), Some(expected), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn each_host_and_database_finds_its_password() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join(".pgpass");
    std::fs::write(&file, "a:1:d:u:one\nb:2:d:u:two\n*:*:other:u:three\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let home = home.path().display().to_string();
    let address = resolve(
        Some("postgres://u@a:1,b:2/d"),
        None,
        None,
        &[("HOME", &home)],
    )
    .unwrap();
    let passwords = |address: &Address| -> Vec<String> {
        address
            .configs()
            .iter()
            .map(|config| String::from_utf8(config.get_password().unwrap().to_vec()).unwrap())
            .collect()
    };
    assert_eq!(passwords(&address), ["one", "two"]);
    assert_eq!(address.shown(), "a:1,b:2/d as u");
    let other = address.with_database("other").unwrap();
    assert_eq!(passwords(&other), ["three", "three"]);
}

#[test]
fn tls_modes_follow_libpq() {
    for (text, mode, roots) in [
        ("", SslMode::Prefer, Roots::None),
        ("sslmode=allow", SslMode::Prefer, Roots::None),
        ("sslmode=require", SslMode::Require, Roots::None),
        ("sslrootcert=system", SslMode::VerifyFull, Roots::System),
        (
            "sslmode=verify-ca sslrootcert=/ca",
            SslMode::VerifyCa,
            Roots::File(PathBuf::from("/ca")),
        ),
    ] {
        let address = resolve(Some(&format!("host=h user=u {text}")), None, None, &[]).unwrap();
        assert_eq!(
            (address.sslmode(), address.roots()),
            (mode, &roots),
            "{text}"
        );
    }
}

#[test]
fn a_socket_needs_no_tls() {
    let address = resolve(
        Some("postgres:///d?host=/tmp/x&port=9&user=u&sslmode=require"),
        None,
        None,
        &[],
    )
    .unwrap();
    assert_eq!(address.shown(), "/tmp/x:9/d as u");
    assert_eq!(
        address.configs()[0].get_ssl_mode(),
        tokio_postgres::config::SslMode::Disable
    );
}
