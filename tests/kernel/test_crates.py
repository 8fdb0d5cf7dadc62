"""Kernels of anyone's crates, and `:dep`: small crates of this machine, so that they build in seconds."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from books import notebook, write
from conftest import WAIT, Kernel, text
from test_runner import KERNEL


def crate(folder, name, source, dependencies="", version="0.1.0"):
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "Cargo.toml").write_text(f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2024"\n[dependencies]\n{dependencies}')
    (folder / "src/lib.rs").write_text(source)
    return folder


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A kernel of a small crate and its dependency, with a data folder of its own. Returns it and the environment."""
    top = tmp_path_factory.mktemp("lab")
    crate(top / "units", "units", "#[derive(Debug, Clone, PartialEq)] pub struct Metre(pub f64);\npub fn metres(x: f64) -> Metre { Metre(x) }", version="0.3.1")
    crate(top / "bench", "my-bench", "pub fn twice(m: &units::Metre) -> units::Metre { units::Metre(m.0 * 2.0) }", 'units = { path = "../units" }\nother = { package = "also", path = "../also" }')
    crate(top / "also", "also", "pub const N: u8 = 9;")
    (top / "prelude.rs").write_text("//! Of every cell.\npub use units::metres;\n")
    env = {**os.environ, "PFE_KERNEL_HOME": str(top / "home"), "JUPYTER_PATH": str(top / "share/jupyter")}
    install(top, env, top / "bench/Cargo.toml", "my-lab", "--prelude", top / "prelude.rs")
    yield top, env
    shutil.rmtree(top)


def install(top, env, manifest, name, *more, check=True):
    command = [KERNEL, "install", "--manifest", manifest, "--name", name, "--prefix", top, *more]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=env, timeout=600)
    assert not check or done.returncode == 0, done.stderr
    return done


def run(env, book, out):
    done = subprocess.run([KERNEL, "run", book, "-o", out], capture_output=True, text=True, env=env, timeout=300)
    assert done.returncode == 0, done.stderr
    cells = json.loads(out.read_text())["cells"]
    return [cell["outputs"] for cell in cells]


def shown(outputs):
    return [out["data"]["text/plain"] if "data" in out else out["text"] for out in outputs]


def test_any_crates_become_a_kernel(lab, tmp_path):
    top, env = lab
    spec = json.loads((top / "share/jupyter/kernels/my-lab/kernel.json").read_text())
    assert spec["display_name"] == "Rust (my-lab)"
    book = notebook("let m = metres(1.5);", "my_bench::twice(&m)", "m == units::Metre(1.5)", "other::N", ":vars", ":dep units = \"0.3\"", ":show_deps")
    book["metadata"]["kernelspec"]["name"] = "my-lab"
    outputs = run(env, write(tmp_path / "book.ipynb", book), tmp_path / "out.ipynb")
    assert [shown(it) for it in outputs[:5]] == [[], ["Metre(3.0)"], ["true"], ["9"], ["m: units::Metre\n"]]
    assert "comes with this kernel" in shown(outputs[5])[0] and "units 0.3.1 (of the kernel)" in shown(outputs[6])[0]
    program = subprocess.run([KERNEL, "export", tmp_path / "book.ipynb"], capture_output=True, text=True, env=env).stdout
    assert "pub use units::metres;" in program and "pfe_" not in program
    # The lock is kept with the kernel: the manifest has none.
    assert list((top / "home/kernels/my-lab").glob("*/bundle/Cargo.lock")) and not (top / "bench/Cargo.lock").exists()


def test_it_is_one_of_jupyters_kernels(lab, monkeypatch):
    for name in ["PFE_KERNEL_HOME", "JUPYTER_PATH"]:
        monkeypatch.setenv(name, lab[1][name])
    kernel = Kernel(name="my-lab")
    try:
        assert kernel.ok("metres(2.0)") == "Metre(2.0)"
    finally:
        kernel.stop()


def test_kernels_stand_side_by_side(lab, tmp_path):
    top, env = lab
    crate(tmp_path / "one", "one", "pub fn one() -> u8 { 1 }")
    install(top, env, tmp_path / "one/Cargo.toml", "other-lab")
    book = write(tmp_path / "book.ipynb", notebook("one::one()"))
    done = subprocess.run([KERNEL, "--kernel", "other-lab", "run", book, "-o", tmp_path / "out.ipynb"], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    gone = subprocess.run([KERNEL, "uninstall", "--name", "other-lab", "--prefix", top], capture_output=True, text=True, env=env)
    assert gone.returncode == 0 and "my-lab" not in gone.stderr, gone.stderr
    assert os.listdir(top / "share/jupyter/kernels") == ["my-lab"] and (top / "home/kernels/my-lab/installed.json").exists()


def test_what_cannot_become_a_kernel_is_said_and_leaves_nothing(lab, tmp_path):
    top, env = lab
    broken = crate(tmp_path / "broken", "broken", "pub fn f() -> u8 { \"no\" }")
    absent = crate(tmp_path / "absent", "absent", "")
    (absent / "rust-toolchain.toml").write_text('[toolchain]\nchannel = "no-such-channel"\n')
    (tmp_path / "text.toml").write_text("not a manifest")
    taken = top / "share/jupyter/kernels/taken"
    taken.mkdir(exist_ok=True)
    (taken / "kernel.json").write_text('{ "argv": ["python3", "-m", "ipykernel"] }')
    manifest = broken / "Cargo.toml"
    for arguments, says in [
        ((manifest, "new-lab"), "mismatched types"),
        ((manifest, "New Lab"), "cannot be the name of a kernel"),
        ((manifest, "taken"), "is the name of another kernel"),
        ((tmp_path / "none/Cargo.toml", "new-lab"), "cannot read"),
        ((tmp_path / "text.toml", "new-lab"), "is not a manifest"),
        ((absent / "Cargo.toml", "new-lab"), "no-such-channel"),
    ]:
        done = install(top, env, *arguments, check=False)
        assert done.returncode == 1 and says in done.stderr, (arguments, done.stderr)
    assert sorted(os.listdir(top / "share/jupyter/kernels")) == ["my-lab", "taken"]
    assert sorted(it for it in os.listdir(top / "home/kernels") if not it.startswith(".")) == ["my-lab"]
    shutil.rmtree(taken)


@pytest.fixture
def book_folder(own, tmp_path):
    """A kernel in a folder with a crate beside the notebook."""
    crate(tmp_path / "own", "own", "#[derive(Debug, Clone)] pub struct Thing(pub u8);\npub fn thing() -> Thing { Thing(1) }")
    return own(cwd=tmp_path), tmp_path


def test_dep_paths_start_at_the_notebook(book_folder):
    kernel, _ = book_folder
    assert kernel.ok(':dep own = { path = "./own", default_features = false }').endswith("own 0.1.0")
    assert kernel.ok("own::thing()") == "Thing(1)"
    # The same again changes nothing.
    assert kernel.ok(":dep ./own").endswith("own 0.1.0")
    assert kernel.ok("own::thing().0") == "1"


def test_dep_of_what_the_kernel_has(kernel):
    assert "comes with this kernel" in kernel.ok(":dep polars")
    assert "without `no_such`" in kernel.ok(':dep polars = { version = "0.55", features = ["no_such"] }')
    error = kernel.fails(':dep polars = "0.40"')[1]
    assert "0.55" in error and "install --manifest" in error and "other_polars" in error
    assert kernel.ok("df!(\"a\" => [1])?.height()") == "1"


def test_a_failed_dep_leaves_the_session_as_it_was(book_folder):
    kernel, folder = book_folder
    kernel.ok(":dep ./own\nlet a = own::thing();")
    crate(folder / "bad", "bad", "pub fn f() -> u8 { \"no\" }")
    assert "mismatched types" in kernel.fails(":dep ./bad")[1]
    kernel.fails(":dep none = { path = \"./none\" }")
    assert kernel.ok("a.0 + own::thing().0") == "2"


def test_another_session_takes_crates_from_the_cache(book_folder, own):
    kernel, folder = book_folder
    kernel.ok(":dep ./own")
    other = own(cwd=folder)
    other.ok("1")
    start = time.time()
    assert other.ok(":dep ./own\nown::thing().0").endswith("1")
    assert time.time() - start < 3


def test_reload_builds_an_edited_crate(book_folder):
    kernel, folder = book_folder
    assert "nothing has changed" in kernel.ok(":dep ./own\n:reload")
    kernel.ok("let t = own::thing(); let n = 5;")
    crate(folder / "own", "own", "#[derive(Debug, Clone)] pub struct Thing(pub String);\npub fn thing() -> Thing { Thing(\"new\".into()) }")
    said = kernel.ok(":reload")
    assert "built again: `own`" in said and "`t`" in said and "`n`" not in said
    assert kernel.ok("own::thing()") == 'Thing("new")' and kernel.ok("n") == "5"
    assert "its type has been built again" in kernel.fails("t")[1]
    # A crate that no longer compiles leaves the one that did.
    (folder / "own/src/lib.rs").write_text("pub fn thing() -> u8 { \"no\" }")
    assert "mismatched types" in kernel.fails(":reload")[1]
    assert kernel.ok("own::thing()") == 'Thing("new")'


def test_what_a_build_script_reads_is_a_source(book_folder):
    kernel, folder = book_folder
    crate(folder / "made", "made", "include!(concat!(env!(\"OUT_DIR\"), \"/made.rs\"));")
    (folder / "made/build.rs").write_text("""
fn main() {
    println!("cargo::rerun-if-changed=layout.txt");
    let field = std::fs::read_to_string("layout.txt").unwrap();
    let code = format!("pub struct Made(pub {field}); pub fn made() -> Made {{ Made(Default::default()) }}");
    std::fs::write(std::path::Path::new(&std::env::var("OUT_DIR").unwrap()).join("made.rs"), code).unwrap();
}
""")
    (folder / "made/layout.txt").write_text("u64")
    kernel.ok(":dep ./made\nlet made = made::made(); let any: Box<dyn std::any::Any> = Box::new(made::made());")
    assert kernel.ok("any.downcast_ref::<made::Made>().is_some()") == "true"
    # A value must not be read as the new type.
    (folder / "made/layout.txt").write_text("String")
    assert "`made`" in kernel.ok(":reload")
    assert kernel.ok("made::made().0") == '""'
    assert kernel.ok("any.downcast_ref::<made::Made>().is_some()") == "false"


def test_an_interrupt_stops_a_build(book_folder):
    kernel, folder = book_folder
    crate(folder / "slow", "slow", "")
    (folder / "slow/build.rs").write_text("fn main() { std::thread::sleep(std::time::Duration::from_secs(100)); }")
    kernel.ok("let kept = 1;")
    msg_id = kernel.send(":dep ./slow")
    end = time.time() + WAIT
    while time.time() < end:
        message = kernel.client.get_iopub_msg(timeout=WAIT)
        if message["parent_header"].get("msg_id") == msg_id and "Compiling" in text([message]):
            break
    time.sleep(1)
    start = time.time()
    kernel.interrupt()
    assert kernel.reply(msg_id)["content"]["status"] == "error" and time.time() - start < 3
    assert kernel.ok("kept") == "1"


@pytest.fixture(scope="module")
def watching(tmp_path_factory):
    """A kernel that watches a crate. It rests on another of the bundle, which is frozen."""
    top = tmp_path_factory.mktemp("watching")
    crate(top / "units", "units", "#[derive(Debug, Clone, PartialEq)] pub struct Metre(pub f64);")
    crate(top / "draft", "draft", DRAFT, 'units = { path = "../units" }')
    manifest = top / "lab/Cargo.toml"
    manifest.parent.mkdir()
    manifest.write_text('[package]\nname = "lab"\nmetadata.pfe-kernel.watch = ["draft"]\n[dependencies]\nunits = { path = "../units" }\ndraft = { path = "../draft" }\n')
    env = {**os.environ, "PFE_KERNEL_HOME": str(top / "home"), "JUPYTER_PATH": str(top / "share/jupyter")}
    install(top, env, manifest, "draft-lab")
    yield top, env
    shutil.rmtree(top)


DRAFT = """#[derive(Debug, Clone)] pub struct Plan(pub u8);
pub fn plan() -> Plan { Plan(1) }
pub fn length() -> units::Metre { units::Metre(2.0) }
"""


@pytest.fixture
def draft(watching, own, monkeypatch):
    """A kernel in a session of its own, and a function that edits the watched crate."""
    top, env = watching
    for name in ["PFE_KERNEL_HOME", "JUPYTER_PATH"]:
        monkeypatch.setenv(name, env[name])
    source = top / "draft/src/lib.rs"
    source.write_text(DRAFT)
    return own(name="draft-lab"), lambda old, new: source.write_text(source.read_text().replace(old, new))


def test_an_edit_of_a_watched_crate_counts_from_the_next_cell(draft):
    kernel, edit = draft
    assert kernel.ok("let p = draft::plan(); let m = draft::length(); let n = 5; m == units::Metre(2.0)") == "true"
    kernel.ok("struct Own(draft::Plan); let own = Own(draft::plan()); let hidden: Box<dyn std::any::Any> = Box::new(draft::plan());")
    edit("Plan(1)", "Plan(2)")
    said = kernel.ok("draft::plan().0")
    assert said.endswith("2") and said.count("dropped with their types") == 1 and "built again: `draft`; dropped with their types: `p`\n" in said
    # What rests on another crate is kept, and is still of the type that the rebuilt crate means.
    assert kernel.ok("(n, m == draft::length())") == "(5, true)"
    assert "built again" in kernel.fails("p")[1]
    assert kernel.ok("hidden.downcast_ref::<draft::Plan>().is_none()") == "true"
    assert "redefined" in kernel.fails("own")[1]
    assert "built again" not in kernel.ok("draft::plan()")


def test_two_edits_in_a_row_and_one_that_changes_a_layout(draft):
    kernel, edit = draft
    kernel.ok("let p = draft::plan();")
    edit("Plan(1)", "Plan(3)")
    edit("Plan(3)", "Plan(4)")
    assert kernel.ok("let p = draft::plan(); p.0").endswith("4")
    edit("Plan(pub u8)", "Plan(pub String)")
    edit("Plan(4)", 'Plan("five".into())')
    assert kernel.ok("draft::plan()").endswith('Plan("five")')
    # Back to what has been built before.
    edit('Plan("five".into())', "Plan(4)")
    edit("Plan(pub String)", "Plan(pub u8)")
    assert kernel.ok("draft::plan()").endswith("Plan(4)") and "cannot find" in kernel.fails("p")[1]


def test_a_watched_crate_that_does_not_compile_leaves_the_session(draft):
    kernel, edit = draft
    kernel.ok("let p = draft::plan(); let n = 5;")
    edit("Plan(1)", 'Plan("no")')
    assert "mismatched types" in kernel.fails("n + 1")[1]
    # Said once: then the crate is as it was.
    assert kernel.ok("(p.0, draft::plan().0, n)") == "(1, 1, 5)"
    assert "mismatched types" in kernel.fails(":reload")[1]
    assert kernel.ok("draft::plan().0 + p.0") == "2"
    edit('Plan("no")', "Plan(6)")
    assert kernel.ok("draft::plan().0").endswith("6") and kernel.ok("n") == "5"


def test_a_session_that_starts_with_a_broken_crate_takes_it_when_it_is_mended(draft, own):
    kernel, edit = draft
    edit("Plan(1)", 'Plan("no")')
    assert "mismatched types" in kernel.fails("1")[1]
    assert kernel.ok("1") == "1"
    edit('Plan("no")', "Plan(7)")
    assert kernel.ok("draft::plan().0") == "7"


def test_statics_of_a_watched_crate_keep_their_value(draft):
    kernel, edit = draft
    edit("pub fn plan", "static N: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(0);\npub fn next() -> u8 { N.fetch_add(1, std::sync::atomic::Ordering::SeqCst) }\npub fn plan")
    assert [kernel.ok("draft::next()") for _ in range(3)] == ["0", "1", "2"]


def test_edits_of_a_crate_of_5000_lines_are_there_in_the_next_cell(draft, watching):
    kernel, edit = draft
    records = [f"""
/// A record.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record{number} {{
    pub name: String,
    pub values: Vec<f64>,
    pub count: usize,
}}

impl Record{number} {{
    pub fn new(name: &str, values: &[f64]) -> Self {{
        Record{number} {{ name: name.to_owned(), values: values.to_vec(), count: {number} }}
    }}

    pub fn mean(&self) -> Option<f64> {{
        if self.values.is_empty() {{
            return None;
        }}
        Some(self.values.iter().sum::<f64>() / self.values.len() as f64)
    }}
}}
""" for number in range(240)]
    edit(DRAFT, DRAFT + "".join(records))
    kernel.ok("draft::Record239::default().count")
    for value in range(1, 10):
        edit(f"Plan({value})", f"Plan({value + 1})")
        assert kernel.ok("draft::plan().0").endswith(str(value + 1))
    # Ten builds: the oldest are gone.
    assert len(list(watching[0].glob("home/kernels/draft-lab/*/watched/*/libpfe_watched_*.so"))) == 8


def test_an_edit_while_a_cell_runs(draft, tmp_path):
    kernel, edit = draft
    begun, edited = tmp_path / "begun", tmp_path / "edited"
    msg_id = kernel.send(f"""
        let first = draft::plan().0;
        std::fs::write({str(begun)!r}, "").unwrap();
        while !std::path::Path::new({str(edited)!r}).exists() {{
            std::thread::sleep(std::time::Duration::from_millis(20));
        }}
        first + draft::plan().0
    """.replace("'", '"'))
    while not begun.exists():
        time.sleep(0.02)
    edit("Plan(1)", "Plan(8)")
    edited.write_text("")
    assert text(kernel.published(msg_id)) == "2" and kernel.reply(msg_id)["content"]["status"] == "ok"
    assert kernel.ok("draft::plan().0").endswith("8")


def test_reload_and_clear_know_watched_crates(draft):
    kernel, edit = draft
    assert "nothing has changed" in kernel.ok("let p = draft::plan();\n") + kernel.ok(":reload")
    edit("Plan(1)", "Plan(9)")
    assert "dropped with their types: `p`" in kernel.ok(":reload")
    assert kernel.ok(":clear\ndraft::plan().0") == "9"
    assert "draft 0.1.0 (of the kernel, watched)" in kernel.ok(":show_deps")
    assert "comes with this kernel" in kernel.ok(":dep draft")


def test_export_verify_and_check_say_what_a_notebook_rests_on(watching, draft, tmp_path):
    top, env = watching
    book = notebook("let p = draft::plan();", "p.0")
    book["metadata"]["kernelspec"]["name"] = "draft-lab"
    path = write(tmp_path / "book.ipynb", book)
    run(env, path, path)
    says = f"rests on crates that can be edited: `draft` 0.1.0 in `{top / 'draft'}`"
    for command in ["verify", "check", "export"]:
        done = subprocess.run([KERNEL, command, path], capture_output=True, text=True, env=env)
        assert done.returncode == 0, done.stderr
        assert says in (done.stdout if command == "export" else done.stderr)
    draft[1]("Plan(1)", "Plan(2)")
    done = subprocess.run([KERNEL, "verify", path], capture_output=True, text=True, env=env)
    assert done.returncode == 1 and "differs" in done.stderr + done.stdout


def test_what_cannot_be_watched_is_said(watching, tmp_path):
    top, env = watching
    crate(tmp_path / "low", "low", "pub fn f() {}")
    crate(tmp_path / "high", "high", "pub use low::f;", 'low = { path = "../low" }')
    manifest = tmp_path / "lab/Cargo.toml"
    manifest.parent.mkdir()
    both = '[dependencies]\nlow = { path = "../low" }\nhigh = { path = "../high" }\n'
    for watch, more, says in [
        ('["low"]', [], "`high`, which is not watched, depends on it"),
        ('["none"]', [], "not among the dependencies"),
        ('["low", "high"]', ["--prelude", tmp_path / "prelude.rs"], "the prelude names `high`"),
    ]:
        manifest.write_text(f'[package]\nname = "lab"\nmetadata.pfe-kernel.watch = {watch}\n{both}')
        (tmp_path / "prelude.rs").write_text("pub use high::f;\n")
        done = install(top, env, manifest, "no-lab", *more, check=False)
        assert done.returncode == 1 and says in done.stderr, done.stderr
    assert not (top / "home/kernels/no-lab").exists()
