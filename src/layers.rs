//! The layers of the crate, as a test: a module imports only modules that stand above it in the table of `lib.rs`.

use std::fs;
use std::path::{Path, PathBuf};

/// The table of modules in the documentation of the crate, from the lowest layer up.
fn layers() -> Vec<&'static str> {
    let rows = include_str!("lib.rs").lines().filter_map(|line| line.strip_prefix("//! | "));
    rows.filter_map(|row| row.split('`').nth(1)).collect()
}

/// The modules of the crate that code names: behind `crate::`, alone or in braces.
fn imports(code: &str) -> Vec<String> {
    let ident = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found = Vec::new();
    for (at, path) in code.match_indices("crate::") {
        let rest = &code[at + path.len()..];
        match rest.strip_prefix('{') {
            None => found.push(ident(rest)),
            Some(list) => {
                let (mut depth, mut start) = (0, true);
                for (i, c) in list.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' => start |= depth == 0,
                        c if start && depth == 0 && !c.is_whitespace() => {
                            found.push(ident(&list[i..]));
                            start = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    found
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Code without comments and without its tests, which may look at anything.
fn code(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn imports_run_down() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let layers = layers();
    let layer = |name: &str| layers.iter().position(|layer| *layer == name);
    let mut seen = 0;
    for file in &files {
        let inner = file.strip_prefix(&src).unwrap();
        let name = inner.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        if ["lib", "main", "cli", "layers"].contains(&name) || inner.to_str().unwrap().contains("tests") {
            continue;
        }
        let own = layer(name).unwrap_or_else(|| panic!("`{name}` stands in no layer"));
        for import in imports(&code(&fs::read_to_string(file).unwrap())) {
            // Types that the crate itself exports, as `crate::Result`.
            let Some(imported) = layer(&import) else { continue };
            assert!(
                imported <= own,
                "`{}` imports `{import}`, which does not stand above `{name}` in the table of src/lib.rs",
                inner.display()
            );
            seen += usize::from(imported < own);
        }
    }
    assert!(seen > 500, "{seen} imports were looked at");
}

#[test]
fn imports_are_found_wherever_they_stand() {
    let code = "use crate::{a, b::{c, d}, e};\npub(crate) fn f(x: crate::g::H) { crate::i::j() }";
    assert_eq!(imports(code), ["a", "b", "e", "g", "i"]);
}
