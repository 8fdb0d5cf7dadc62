//! URLs of stores: an invalid one is refused before any work, and no secret is printed.

use crate::workdir::Workdir;

#[test]
fn what_is_no_store_is_refused_and_no_secret_told() {
    let work = Workdir::with_data();
    let before: Vec<_> = std::fs::read_dir(work.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    for (url, word) in [
        ("jdbc:mysql://me:PW@h/db", "unknown kind of store `jdbc:`"),
        ("JDBC:mysql://me:PW@h/db", "unknown kind of store `jdbc:`"),
        ("mongodb+srv://me:PW@h/db", "unknown kind of store"),
        ("folder:name", "hint: stores are a folder"),
        ("lake:mysql://me:PW@h/db", "takes a path"),
        ("sqlite::memory:", "takes the path of a file"),
        ("SQLite::memory:", "takes the path of a file"),
        ("sqlite:file:c.db?mode=memory", "takes the path of a file"),
        ("sqlite:", "names no file"),
        ("s3:/me:PW@bucket", "lacks `//`"),
        ("s3://me:PW@bucket/x", "holds credentials"),
        ("s3://bucket/x?endpoint=http://u:PW@h", "unknown option `endpoint`"),
        ("s3://bucket/x?endpoint=http%3A%2F%2Fu%3APW%40h", "unknown option `endpoint`"),
        ("dynamodb://PW:PW@shop", "holds credentials"),
        ("mysql://me@db/?proxy=http://u:PW@h", "unknown option `proxy`"),
    ] {
        for args in [
            &["run", "--data", "data", "--store", url][..],
            &["load", "--from", "data", "--to", url],
            &["run", "--data", url],
            &["plan", "--data", url],
        ] {
            let done = work.pfe(args);
            assert!(done.code == Some(2) && done.stderr.contains(word), "`{word}` is not in:\n{done}");
            assert!(!done.stderr.contains("PW") && !done.stdout.contains("PW"), "{done}");
        }
    }
    let after: Vec<_> = std::fs::read_dir(work.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(before.len(), after.len(), "{after:?}");
    // An argument in the wrong place is shown with its password masked.
    let done = work.pfe(&["run", "mysql://me:PW@h/db"]);
    assert!(
        done.code == Some(2) && done.stderr.contains("mysql://me:***@h/db") && !done.stderr.contains("PW"),
        "{done}"
    );
    work.ok(&["load", "--from", "data", "--to", "./a:b", "--table", "sellers", "--quiet"]);
    assert!(work.path("a:b/raw_data/sellers.parquet").exists());
}

#[test]
fn a_password_goes_to_one_database() {
    let work = Workdir::with_data();
    let any = ("PFE_STORE_PASSWORD", "hush");
    let load =
        ["load", "--from", "mysql://me@127.0.0.1:1/?tls=disable", "--to", "postgres://me@127.0.0.2:1/x?tls=disable"];
    let run = ["run", "--data", load[2], "--store", load[4]];
    for args in [&load, &run] {
        let done = work.pfe_with(args, &[any]);
        assert_eq!(done.code, Some(2), "{done}");
        for word in
            ["the password of one database", "PFE_STORE_PASSWORD_ME_127_0_0_1_1", "PFE_STORE_PASSWORD_ME_127_0_0_2_1"]
        {
            assert!(done.stderr.contains(word), "{done}");
        }
    }
    let client = work.pfe_with(&load, &[("PGPASSWORD", "hush"), ("PFE_STORE_PASSWORD_ME_127_0_0_1_1", "a")]);
    assert!(
        client.code == Some(2) && client.stderr.contains("`PGPASSWORD` is the password of one database"),
        "{client}"
    );
}

#[test]
fn a_lake_replaces_only_what_it_has_made() {
    let work = Workdir::with_data();
    work.write("lake/raw_data/sellers.parquet", "mine");
    let load = ["load", "--from", "data", "--to", "lake:lake", "--table", "sellers", "--quiet"];
    work.fails(&load, 2, &["raw_data/sellers.parquet` is in the way"]);
    assert_eq!(work.read("lake/raw_data/sellers.parquet"), "mine");
    std::fs::remove_file(work.path("lake/raw_data/sellers.parquet")).unwrap();
    work.ok(&load);
    work.ok(&load);
    // A run is stored completely or not at all.
    work.write("whole/results/winner.parquet", "mine");
    work.fails(&["run", "--data", "data", "--quiet", "--store", "lake:whole"], 2, &["winner.parquet` is in the way"]);
    assert!(!work.path("whole/cleaned_data/orders.parquet").exists());
    // Stored rows are those of the run, without other files in its folder.
    work.write("out/clean/mine/orders.parquet", "mine");
    work.ok(&["run", "--data", "data", "--quiet", "--store", "lake:other"]);
    assert!(
        work.path("other/cleaned_data/orders.parquet").exists() && work.path("other/results/winner.parquet").exists()
    );
}

/// Refused before the work, not after it.
#[test]
fn what_an_engine_cleans_is_not_stored() {
    let work = Workdir::with_data();
    let done = work.pfe(&["run", "--data", "data", "--engine", "sc://h:1", "--engine-cleans", "--store", "lake:x"]);
    assert!(done.code == Some(2) && done.stderr.contains("cannot be used with"), "{done}");
}

/// A table in several places is read from the first; the others are reported.
#[test]
fn a_table_in_two_databases_is_read_from_the_first_and_told() {
    let work = Workdir::with_data();
    for to in ["sqlite:a.db", "sqlite:b.db"] {
        work.ok(&["load", "--from", "data", "--to", to, "--quiet"]);
    }
    let told = "`sqlite:b.db raw_data.orders` is not read: `orders` is taken from `sqlite:a.db raw_data.orders`";
    let run = work.ok(&["run", "--data", "sqlite:a.db", "--data", "sqlite:b.db", "--out", "out", "--only", "clean"]);
    let warnings = work.json("out/.pfe-run/audit.json")["warnings"].to_string();
    assert!(warnings.contains(told), "{run}\n{warnings}");
    // Files have precedence over stores, in any order.
    work.ok(&["run", "--data", "data", "--data", "sqlite:b.db", "--out", "files", "--only", "clean", "--quiet"]);
    let warnings = work.json("files/.pfe-run/audit.json")["warnings"].to_string();
    assert!(warnings.contains("`sqlite:b.db raw_data.orders` is not read"), "{warnings}");
    work.ok(&["run", "--data", "data", "--out", "one", "--only", "clean", "--quiet"]);
    assert!(!work.json("one/.pfe-run/audit.json")["warnings"].to_string().contains("is not read"));
}
