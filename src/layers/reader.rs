//! Reads which modules of a crate import which, for tests of its layers: those of `pfe` and, through a path, of `kernel`.

use std::fs;
use std::path::{Path, PathBuf};

/// The table of modules in the documentation of the crate, from the lowest layer up.
fn layers(src: &Path) -> Vec<String> {
    let text = fs::read_to_string(src.join("lib.rs")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! | "));
    rows.filter_map(|row| row.split('`').nth(1)).map(str::to_owned).collect()
}

/// The modules that code names: behind `parent`, such as `crate::`, alone or in braces.
pub(crate) fn imports(code: &str, parent: &str) -> Vec<String> {
    let ident = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found = Vec::new();
    for (at, path) in code.match_indices(parent) {
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
pub(crate) fn code(text: &str) -> String {
    let text = text.split("\nmod tests {").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Every file of the crate with the module that it belongs to and the other modules that it imports, as often as it does so. Leaves out
/// tests, the command line and the binary.
pub(crate) fn files(src: &Path) -> Vec<(PathBuf, String, Vec<String>)> {
    let mut files = Vec::new();
    sources(src, &mut files);
    let layers = layers(src);
    let inner = files.iter().map(|file| (file, file.strip_prefix(src).unwrap()));
    let named = inner.map(|(file, inner)| {
        let name = inner.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_string();
        (file, inner, name)
    });
    let checked = named.filter(|(_, inner, name)| {
        !["lib", "main", "cli", "layers"].contains(&name.as_str()) && !inner.to_str().unwrap().contains("tests")
    });
    let with_imports = checked.map(|(file, inner, name)| {
        // What is no module is a type that the crate itself exports, as `crate::Result`.
        let all = imports(&code(&fs::read_to_string(file).unwrap()), "crate::").into_iter();
        let modules = all.filter(|import| *import != name && layers.contains(import)).collect();
        (inner.to_path_buf(), name, modules)
    });
    with_imports.collect()
}

/// Asserts that each module imports only modules that stand above it in the table of `lib.rs`. Returns how many imports it has seen.
pub(crate) fn assert_imports_run_down(src: &Path) -> usize {
    let layers = layers(src);
    let layer = |name: &str| layers.iter().position(|layer| *layer == name);
    let mut seen = 0;
    for (file, name, imports) in files(src) {
        let own = layer(&name).unwrap_or_else(|| panic!("`{name}` stands in no layer"));
        for import in &imports {
            assert!(
                layer(import) < Some(own),
                "`{}` imports `{import}`, which does not stand above `{name}` in the table of lib.rs",
                file.display()
            );
        }
        seen += imports.len();
    }
    seen
}

#[test]
fn imports_are_found_wherever_they_stand() {
    let code = "use crate::{a, b::{c, d}, e};\npub(crate) fn f(x: crate::g::H) { crate::i::j() }";
    assert_eq!(imports(code, "crate::"), ["a", "b", "e", "g", "i"]);
}
