//! A temporary folder for each test, in which it runs the binary.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// Small data that every test may copy; generated once per test run.
static SMALL: OnceLock<tempfile::TempDir> = OnceLock::new();
/// Number of orders in [`SMALL`].
pub const SMALL_ORDERS: usize = 3_000;

pub struct Workdir {
    dir: tempfile::TempDir,
}

/// Output and exit code of a command.
#[derive(Debug)]
pub struct Done {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    command: String,
}

impl Workdir {
    pub fn new() -> Workdir {
        Workdir { dir: tempfile::tempdir().unwrap() }
    }

    /// A folder with a writable copy of the small data under `data/`.
    pub fn with_data() -> Workdir {
        let small = SMALL.get_or_init(|| {
            let dir = tempfile::tempdir().unwrap();
            let orders = SMALL_ORDERS.to_string();
            let done = run_in(dir.path(), &["synth", "--orders", &orders, "--seed", "7", "--out", "data"], &[]);
            assert_eq!(done.code, Some(0), "{done}");
            dir
        });
        let work = Workdir::new();
        copy(&small.path().join("data"), &work.path("data"));
        work
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), content).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// Edits a text file.
    pub fn edit(&self, name: &str, edit: impl FnOnce(String) -> String) {
        self.write(name, edit(self.read(name)));
    }

    /// Runs `pfe` in this folder.
    pub fn pfe(&self, args: &[&str]) -> Done {
        run_in(self.dir.path(), args, &[])
    }

    pub fn pfe_with(&self, args: &[&str], env: &[(&str, &str)]) -> Done {
        run_in(self.dir.path(), args, env)
    }

    /// Runs `pfe` and checks that it succeeds.
    pub fn ok(&self, args: &[&str]) -> Done {
        let done = self.pfe(args);
        assert_eq!(done.code, Some(0), "{done}");
        done
    }

    /// Runs `pfe` and checks the exit code, the words on standard error, and that it did not panic.
    pub fn fails(&self, args: &[&str], code: i32, words: &[&str]) {
        let done = self.pfe(args);
        assert_eq!(done.code, Some(code), "{done}");
        for word in words {
            assert!(done.stderr.contains(word), "`{word}` is not in:\n{done}");
        }
        assert!(!done.stderr.contains("panicked"), "{done}");
        assert!(after_warnings(&done.stderr).starts_with("error: "), "{done}");
    }

    /// Rows of a CSV file, by column name.
    pub fn table(&self, name: &str) -> Vec<BTreeMap<String, String>> {
        let mut reader = csv::Reader::from_path(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        reader.deserialize().map(|row| row.unwrap()).collect()
    }

    pub fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    /// Files below `folder` with their bytes; of `run.json`, only the deterministic part.
    pub fn files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.path(folder), "", &mut files);
        if let Some(manifest) = files.get_mut("run.json") {
            let value: serde_json::Value = serde_json::from_slice(manifest).unwrap();
            *manifest = value["core"].to_string().into_bytes();
        }
        files
    }
}

/// What a failure says after the warnings about the data.
pub fn after_warnings(stderr: &str) -> &str {
    let is_warning = |line: &&str| line.starts_with("warning: ");
    let length: usize = stderr.split_inclusive('\n').take_while(is_warning).map(str::len).sum();
    &stderr[length..]
}

/// Checks that files are equal; names the first that differs.
pub fn assert_same(a: &BTreeMap<String, Vec<u8>>, b: &BTreeMap<String, Vec<u8>>) {
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    for (name, bytes) in a {
        assert!(b[name] == *bytes, "{name} differs");
    }
}

impl std::fmt::Display for Done {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "$ {}\nexit code {:?}\n--- stdout\n{}\n--- stderr\n{}",
            self.command, self.code, self.stdout, self.stderr
        )
    }
}

fn run_in(dir: &Path, args: &[&str], env: &[(&str, &str)]) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pfe"));
    command.args(args).current_dir(dir).envs(env.iter().copied());
    let Output { status, stdout, stderr } = command.output().unwrap();
    Done {
        code: status.code(),
        stdout: String::from_utf8_lossy(&stdout).into(),
        stderr: String::from_utf8_lossy(&stderr).into(),
        command: format!("pfe {}", args.join(" ")),
    }
}

/// Copies the files of a folder, without its subfolders.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap()).filter(|entry| entry.path().is_file()) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn collect(dir: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read(entry.path()).unwrap());
        }
    }
}
