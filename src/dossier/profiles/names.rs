//! Names from the data → names of files: safe on every file system, and no two alike. Used by `profiles`.

use std::collections::BTreeMap;

/// Longest name that is kept as it is, characters.
const LONGEST: usize = 60;
/// Characters of a name that start one that is not kept.
const START: usize = 40;
/// Digits of the hash that tells names apart.
const DIGITS: usize = 16;
/// Names that stand for devices on Windows, whatever follows a dot.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// A file name without extension for each name. A name is kept if it is made of letters, digits, `-` and `_`; others get a dot and the hash of
/// the name, so that none of them is equal to one that is kept.
pub(super) fn of(names: &[String]) -> Vec<String> {
    let mut alike: BTreeMap<String, usize> = BTreeMap::new();
    for name in names {
        *alike.entry(name.to_lowercase()).or_default() += 1;
    }
    let file = |name: &String| {
        // Some file systems do not tell capitals from small letters.
        let is_alone = alike.get(&name.to_lowercase()) == Some(&1);
        if is_alone && is_safe(name) {
            return name.clone();
        }
        let start: String = name.chars().map(|c| if is_plain(c) { c } else { '-' }).take(START).collect();
        let start = start.trim_matches('-');
        let hash = blake3::hash(name.as_bytes()).to_hex();
        let start = if start.is_empty() { "x" } else { start };
        format!("{start}.{}", &hash[..DIGITS])
    };
    names.iter().map(file).collect()
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

fn is_safe(name: &str) -> bool {
    let lower = name.to_lowercase();
    let is_port =
        |port: &str| lower.strip_prefix(port).is_some_and(|n| n.len() == 1 && n.starts_with(char::is_numeric));
    let is_device = DEVICES.contains(&lower.as_str()) || is_port("com") || is_port("lpt");
    (1..=LONGEST).contains(&name.len()) && name.chars().all(is_plain) && !name.starts_with('-') && !is_device
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_names_share_a_file() {
        let names = [
            "SP",
            "health_beauty",
            "Toys",
            "toys",
            "TOYS",
            "a/b",
            "a\\b",
            "a-b",
            "..",
            ".",
            "",
            "con",
            "COM1",
            "nul",
            "é",
            "e\u{301}",
            "../../etc/passwd",
            "-rf",
            "a b",
            "a\0b",
            "<script>",
            "x.5f",
        ];
        let mut names: Vec<String> = names.map(str::to_owned).into();
        names.extend(["y".repeat(300), "y".repeat(301)]);
        let files = of(&names);
        let folded: BTreeSet<String> = files.iter().map(|file| file.to_lowercase()).collect();
        assert_eq!(folded.len(), names.len(), "{files:?}");
        for file in &files {
            assert!(file.len() <= LONGEST && file.chars().all(|c| is_plain(c) || c == '.'), "{file}");
            assert!(
                !file.starts_with(['.', '-']) && crate::files::is_below(&format!("by_category/{file}.html")),
                "{file}"
            );
        }
        assert_eq!(&files[..2], ["SP", "health_beauty"]);
        assert!(files[2].starts_with("Toys.") && files[11].starts_with("con."));
    }
}
