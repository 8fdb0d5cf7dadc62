//! Tests of `url`.

use super::*;

#[test]
fn parts_are_decoded_and_secrets_masked() {
    let url = StoreUrl::parse("mysql://shop%40eu:p%3A%2F%23@[::1]:3307/a%20b?tls=verify&api_key=abc").unwrap();
    assert_eq!((url.scheme, url.user.as_deref()), (Scheme::Mysql, Some("shop@eu")));
    assert_eq!((url.password.as_deref(), url.host.as_str(), url.port), (Some("p:/#"), "::1", Some(3307)));
    assert_eq!((url.path.as_str(), url.option("tls")), ("a b", Some("verify")));
    assert_eq!(url.masked(), "mysql://shop%40eu:***@[::1]:3307/a%20b?tls=verify&api_key=***");
    assert!(!format!("{url:?}").contains("p:/#"));
}

#[test]
fn an_unencoded_at_sign_leaks_nothing() {
    let url = StoreUrl::parse("postgres://me:se@cret@db/shop").unwrap();
    assert_eq!((url.host.as_str(), url.masked()), ("db", "postgres://me:***@db/shop"));
    let error = StoreUrl::parse("mysql://me:secret@db:port/x").unwrap_err();
    assert!(!format!("{error:?}").contains("secret"), "{error}");
    for password in ["12/secret", "12?secret", "12?a=secret", "/secret"] {
        let error = StoreUrl::parse(&format!("mysql://me:{password}@db/x")).unwrap_err();
        assert!(!format!("{error:?}").contains("secret"), "{error}");
    }
    let error = StoreUrl::parse("mysql://me:sec%ret@db/x").unwrap_err();
    assert!(!format!("{error:?}").contains("sec%ret"), "{error}");
}

#[test]
fn files_are_taken_literally() {
    for (text, path) in [("sqlite:a b%20?.db", "a b%20?.db"), ("sqlite:///tmp/x", "/tmp/x"), ("some/dir", "some/dir")] {
        assert_eq!(StoreUrl::parse(text).unwrap().path, path);
    }
    assert_eq!(StoreUrl::parse("C:\\data").unwrap().scheme, Scheme::Lake);
    for none in [
        "sqlite:",
        "sqlite://",
        "sqlite::memory:",
        "SQLite::memory:",
        "sqlite://:memory:",
        "sqlite:file:c.db?mode=memory",
        "sqlite:FILE::memory:?cache=shared",
        "sqlite:file:///tmp/x",
        "lake:",
        "lake:jdbc:mysql://me:PW@h/db",
        "lake:mysql:x",
        "sqlite:postgres://me:PW@h/db",
    ] {
        let error = StoreUrl::parse(none).unwrap_err();
        assert!(error.hint().is_some() && !format!("{error:?}").contains("PW"), "{none}: {error:?}");
    }
    for (text, scheme, path) in [
        ("./a:b", Scheme::Lake, "./a:b"),
        ("data/2018:08", Scheme::Lake, "data/2018:08"),
        ("SQLITE:a:b.db", Scheme::Sqlite, "a:b.db"),
        ("LAKE:x", Scheme::Lake, "x"),
    ] {
        let url = StoreUrl::parse(text).unwrap();
        assert_eq!((url.scheme, url.path.as_str()), (scheme, path));
    }
}

#[test]
fn urls_inside_of_urls_are_masked() {
    for url in [
        "s3://bucket/prefix?endpoint=http://u:PW@h",
        "s3://bucket/prefix?endpoint=http%3A%2F%2Fu%3APW%40h",
        "s3://bucket/http://u:PW@h/x",
        "mysql://me@db/x?proxy=socks5://u:PW@h&tls=disable",
        "mysql://me@db/x?next=http://h/?password=PW",
        "s3://AKIA:PW@bucket/x",
        "s3://PW@bucket/x",
        "s3://AKIA:1/PW@bucket/x",
        "dynamodb://PW:PW@prefix",
        "s3:/me:PW@bucket",
        "jdbc:mysql://me:PW@h/db",
        "JDBC:mysql://me:PW@h/db",
        "MYSQL://me:PW@h/db?x=PW",
    ] {
        match StoreUrl::parse(url) {
            Ok(parsed) => assert!(!parsed.masked().replace("x=PW", "").contains("PW"), "{}", parsed.masked()),
            Err(error) => assert!(!format!("{error:?}").contains("PW"), "{error:?}"),
        }
    }
    for unknown in ["jdbc:mysql://h/db", "jdbc:x", "mongodb+srv://h", "file:///tmp/x", "http://h"] {
        assert!(StoreUrl::parse(unknown).unwrap_err().to_string().starts_with("unknown kind of store"), "{unknown}");
    }
}

#[test]
fn unknown_schemes_and_options_are_refused() {
    assert!(StoreUrl::parse("mongo://host/x").unwrap_err().to_string().contains("mongo"));
    let url = StoreUrl::parse("s3://bucket/prefix?regoin=x").unwrap();
    assert!(url.only_options(&["region"]).unwrap_err().hint().unwrap().contains("region"));
}
