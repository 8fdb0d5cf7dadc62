//! The user's guide: its commands are run in their order from an empty folder; completions, manual pages and the guide itself.

use crate::workdir::Workdir;

/// The fenced blocks of a text: what stands behind the fence, and the lines.
fn blocks(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        match line.strip_prefix("```") {
            Some(_) if open => open = false,
            Some(kind) => {
                open = true;
                found.push((kind, Vec::new()));
            }
            None if open => found.last_mut().unwrap().1.push(line),
            None => {}
        }
    }
    found
}

/// Does what a part of the guide says. Returns how many commands have run and how many were only looked up.
fn follow(text: &str) -> (usize, usize) {
    let work = Workdir::new();
    let (mut ran, mut looked_up) = (0, 0);
    for (kind, lines) in blocks(text) {
        if let Some(file) = kind.strip_prefix("toml ") {
            work.write(file, lines.join("\n"));
        }
        for line in lines.iter().filter_map(|line| line.strip_prefix("pfe ")) {
            let (command, target) = match line.split_once(" > ") {
                Some((command, target)) => (command, Some(target)),
                None => (line.split(" #").next().unwrap(), None),
            };
            let words: Vec<&str> = command.split_whitespace().collect();
            if kind == "sh" {
                let done = work.ok(&words);
                if let Some(file) = target {
                    work.write(file, done.stdout);
                }
                ran += 1;
            } else if kind == "sh untested" {
                let path = words.iter().take_while(|word| !word.starts_with('-')).copied().chain(["--help"]);
                let help = work.ok(&path.collect::<Vec<_>>()).stdout;
                for option in words.iter().filter(|word| word.starts_with("--")) {
                    assert!(help.contains(option), "{line}: {option}");
                }
                looked_up += 1;
            }
        }
    }
    (ran, looked_up)
}

#[test]
fn the_tutorial_can_be_followed() {
    assert_eq!(follow(include_str!("../../../src/guide/tutorial.md")), (6, 2));
}

#[test]
fn the_how_to_guides_can_be_followed() {
    let (ran, looked_up) = follow(include_str!("../../../src/guide/how_to.md"));
    assert!(ran > 30 && looked_up > 10, "{ran} ran, {looked_up} were looked up");
}

#[test]
fn every_shell_completes_every_command() {
    let work = Workdir::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = work.ok(&["completions", shell]).stdout;
        assert!(["doctor", "findings", "engine-cleans"].iter().all(|word| script.contains(word)), "{shell}");
        work.write(shell, script);
    }
    // The one shell that is everywhere takes its script, and completes with it.
    let asked = "source ./bash; COMP_WORDS=(pfe find); COMP_CWORD=1; _pfe pfe find pfe; echo ${COMPREPLY[@]}";
    let done = std::process::Command::new("bash").args(["-c", asked]).current_dir(work.path(".")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), "findings", "{done:?}");
    let refused = work.pfe(&["completions", "tcsh"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("bash"), "{refused}");
}

#[test]
fn every_command_has_a_manual_page() {
    let work = Workdir::new();
    work.ok(&["man", "--out", "man"]);
    let pages = work.files("man");
    let page = |name: &str| String::from_utf8_lossy(&pages[name]).into_owned();
    assert!(page("pfe.1").contains("pfe\\-run(1)") && page("pfe.1").contains("Examples"));
    assert!(page("pfe-run.1").contains("\\-\\-engine\\-cleans"), "{}", page("pfe-run.1"));
    assert!(pages.contains_key("pfe-trial-design.1"), "{:?}", pages.keys());
    assert!(!pages.keys().any(|name| name.contains("help")), "{:?}", pages.keys());
}

#[test]
fn the_guide_is_written_in_every_format() {
    let work = Workdir::new();
    let pages = ["--html", "guide.html", "--pdf", "guide.pdf", "--docx", "guide.docx", "--markdown", "guide.md"];
    work.ok(&[&["guide"][..], &pages].concat());
    let html = work.read("guide.html");
    // Of each part something: the tutorial, the options of a command, the columns of a table, the keys of a market file.
    for words in ["The first report", "--engine-cleans", "needed_rise", "headers", "Exact integers"] {
        assert!(html.contains(words), "{words}");
        assert!(work.read("guide.md").replace('\\', "").contains(words), "{words}");
    }
    assert!(std::fs::read(work.path("guide.docx")).unwrap().starts_with(b"PK"));
    assert!(std::fs::read(work.path("guide.pdf")).unwrap().starts_with(b"%PDF"));
    work.write("mine.html", "not a page");
    work.fails(&["guide", "--html", "mine.html"], 2, &["is in the way"]);
}
