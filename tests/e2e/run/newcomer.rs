//! What a newcomer types first: `pfe demo`, `pfe doctor`, `pfe --help`.

use crate::workdir::Workdir;

#[test]
fn the_demo_makes_a_report_and_says_what_to_type_next() {
    let work = Workdir::new();
    let told = work.ok(&["demo", "--lang", "en"]).stdout;
    assert!(work.path("pfe-demo/report.pdf").exists() && work.path("pfe-demo/dashboard.html").exists());
    let next: Vec<&str> = told.lines().filter_map(|line| line.trim().strip_prefix("pfe ")).collect();
    assert_eq!(next.len(), 3, "{told}");
    // Each line that it proposes is a command with such options.
    for line in next {
        let command = line.split_whitespace().take_while(|word| !word.starts_with('-')).chain(["--help"]);
        let help = work.ok(&command.collect::<Vec<_>>()).stdout;
        for option in line.split("  ").next().unwrap().split_whitespace().filter(|word| word.starts_with("--")) {
            assert!(help.contains(option), "{line}: {option}");
        }
    }
    let refused = work.pfe(&["demo", "--lang", "xx"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("[possible values: fr, en, pt]"), "{refused}");
}

#[test]
fn the_doctor_says_what_is_missing() {
    let work = Workdir::new();
    let ready = work.ok(&["doctor", "--out", "runs/first"]).stdout;
    assert!(["memory", "disk", "output", "notebooks"].iter().all(|row| ready.contains(row)), "{ready}");
    assert!(!work.path("runs").exists(), "it leaves nothing");
    let missing = work.pfe(&["doctor", "--out", "/proc/out"]);
    assert!(missing.code == Some(2) && missing.stderr.contains("not ready"), "{missing}");
}

#[test]
fn the_tests_say_what_they_need_and_refuse_unknown_arguments() {
    let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/run");
    let run = |args: &[&str]| std::process::Command::new(tests).args(args).output().unwrap();
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    assert!(["usage: tests/run [--quick]", "needs", "installs"].iter().all(|word| help.contains(word)), "{help}");
    for wrong in [&["--quik"][..], &["--quick", "--lib"]] {
        let done = run(wrong);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.code() == Some(2) && said.contains("usage: tests/run [--quick]"), "{said}");
    }
}
