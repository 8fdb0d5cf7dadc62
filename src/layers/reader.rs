//! Sources → which modules and files import which, for the tests of the layers of `pfe` and, through a path, of `kernel`, and for the
//! build script.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The table of modules in the documentation of the crate, from the lowest layer up.
fn layers(src: &Path) -> Vec<String> {
    let text = fs::read_to_string(src.join("lib.rs")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! | "));
    rows.filter_map(|row| row.split('`').nth(1)).map(str::to_owned).collect()
}

/// The modules of its crate that code names, once for each path or list of paths.
fn imports(code: &str) -> Vec<String> {
    let of_crate = paths(code).into_iter().filter(|path| path[0] == "crate");
    let mut modules: Vec<String> = of_crate.filter_map(|path| path.into_iter().nth(1)).collect();
    modules.dedup();
    modules
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
        let all = imports(&code(&fs::read_to_string(file).unwrap())).into_iter();
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

/// A module as its path from the root of the crate.
type Module = Vec<String>;

/// Asserts that no files import each other in a circle. Returns how many imports between files it has seen.
pub(crate) fn assert_no_circle(src: &Path) -> usize {
    let mut files = Vec::new();
    sources(src, &mut files);
    let modules: BTreeMap<Module, PathBuf> = files.into_iter().map(|file| (module(&file, src), file)).collect();
    let is_test = |module: &Module| module.iter().any(|name| name.contains("tests"));
    let mut imports: BTreeMap<&Module, BTreeSet<Module>> = BTreeMap::new();
    for (module, file) in modules.iter().filter(|(module, _)| !module.is_empty() && !is_test(module)) {
        let code = code(&fs::read_to_string(file).unwrap());
        let of_files = paths(&code).into_iter().filter_map(|path| file_of(&path, module, &modules));
        imports.insert(module, of_files.filter(|import| import != module).collect());
    }
    let seen = imports.values().map(BTreeSet::len).sum();
    // Takes away what imports nothing that is left. What remains are circles and what imports them.
    loop {
        let left: BTreeSet<Module> = imports.keys().map(|module| (*module).clone()).collect();
        imports.retain(|_, of_file| !of_file.is_disjoint(&left));
        if imports.len() == left.len() {
            break;
        }
    }
    assert!(imports.is_empty(), "they import each other, or what does: {:?}", imports.keys());
    seen
}

fn module(file: &Path, src: &Path) -> Module {
    let inner = file.strip_prefix(src).unwrap().with_extension("");
    let mut names: Module = inner.iter().map(|name| name.to_str().unwrap().to_owned()).collect();
    names.pop_if(|name| ["mod", "lib", "main"].contains(&name.as_str()));
    names
}

/// The module whose file holds what `path` in the file of `from` names; `None` if that is the root, or outside of the crate.
fn file_of(path: &[String], from: &Module, modules: &BTreeMap<Module, PathBuf>) -> Option<Module> {
    let mut full = if path[0] == "crate" { Module::new() } else { from.clone() };
    for name in path {
        match name.as_str() {
            "crate" | "self" => {}
            "super" => drop(full.pop()),
            name => full.push(name.to_owned()),
        }
    }
    while !full.is_empty() && !modules.contains_key(&full) {
        full.pop();
    }
    (!full.is_empty()).then_some(full)
}

/// The paths that code names within its crate, those in braces one by one.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for start in ["crate::", "super::", "self::"].iter().flat_map(|start| code.match_indices(start)).map(|(at, _)| at) {
        let inner = |c: char| c.is_alphanumeric() || "_:".contains(c);
        if !code[..start].ends_with(inner) {
            tree(&code[start..], &[], &mut found);
        }
    }
    found
}

/// Reads `a::b` or `a::{b, c::d}`; returns what follows.
fn tree<'a>(code: &'a str, before: &[String], found: &mut Vec<Vec<String>>) -> &'a str {
    let code = code.trim_start();
    let end = code.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(code.len());
    let (name, mut rest) = code.split_at(end);
    let path = [before, &[name.to_owned()]].concat();
    match rest.strip_prefix("::") {
        Some(list) if list.starts_with('{') => {
            rest = &list[1..];
            while !rest.trim_start().starts_with('}') {
                rest = tree(rest, &path, found);
                // Passes over `as name`.
                rest = &rest[rest.find([',', '}']).unwrap_or(rest.len())..];
                rest = rest.strip_prefix(',').unwrap_or(rest);
                if rest.is_empty() {
                    break;
                }
            }
            rest.trim_start().strip_prefix('}').unwrap_or_default()
        }
        Some(rest) if rest.starts_with(|c: char| c.is_alphabetic() || c == '_') => tree(rest, &path, found),
        _ => {
            found.push(path);
            rest
        }
    }
}

#[test]
fn paths_are_found_wherever_they_stand() {
    let code = "use crate::{a, b::{c as x, d}};\nuse super::super::e::{self, F};\nfn f(x: crate::g::H) { super::i::j::<u8>() }";
    let found: Vec<String> = paths(code).iter().map(|path| path.join("::")).collect();
    let expected = [
        "crate::a",
        "crate::b::c",
        "crate::b::d",
        "crate::g::H",
        "super::super::e::self",
        "super::super::e::F",
        "super::i::j",
    ];
    assert_eq!(found, expected);
}

#[test]
fn imports_are_found_wherever_they_stand() {
    let code = "use crate::{a, b::{c, d}, e};\npub(crate) fn f(x: crate::g::H) { crate::i::j() }";
    assert_eq!(imports(code), ["a", "b", "e", "g", "i"]);
}
