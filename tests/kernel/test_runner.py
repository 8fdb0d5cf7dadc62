"""The headless runner, as a program."""

import json
import os
import subprocess
import tomllib
from pathlib import Path

import pytest
from books import FAILING, GOOD, notebook, write

KERNEL = os.environ["PFE_KERNEL"]
ROOT = Path(__file__).parents[2]


def pfe_kernel(*args, cwd=None, timeout=300):
    return subprocess.run([KERNEL, *map(str, args)], capture_output=True, text=True, cwd=cwd, timeout=timeout)


def ok(*args, **options):
    done = pfe_kernel(*args, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def outputs(path):
    return [cell["outputs"] for cell in json.loads(path.read_text())["cells"]]


def test_run_saves_outputs_and_counts_from_one(tmp_path):
    book = write(tmp_path / "good.ipynb", GOOD)
    done = ok("run", book, "-o", tmp_path / "out.ipynb")
    assert "[ 1/7] ok" in done.stderr
    saved = json.loads((tmp_path / "out.ipynb").read_text())
    assert [cell["execution_count"] for cell in saved["cells"]] == [1, 2, 3, 4, 5, 6, 7]
    assert saved["metadata"] == GOOD["metadata"]
    streams, table, number, figure, markdown, _ = outputs(tmp_path / "out.ipynb")[1:]
    assert [(out["name"], out["text"]) for out in streams] == [("stdout", "SP 3\n"), ("stderr", "a warning\n")]
    assert "3 rows × 2 columns" in table[0]["data"]["text/html"]
    assert number[0]["data"]["text/plain"] == "24.0"
    assert figure[0]["data"]["image/svg+xml"].startswith("<svg")
    assert markdown[0]["data"]["text/markdown"] == "**after**"
    # The file is one Jupyter's own tools accept and would write.
    import nbformat

    read = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    nbformat.validate(read)


def test_two_runs_are_the_same_bytes(tmp_path):
    book = write(tmp_path / "good.ipynb", GOOD)
    for name in ["a", "b"]:
        ok("run", book, "-o", tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert b"timings" not in (tmp_path / "a").read_bytes()
    ok("run", book, "-o", tmp_path / "c", "--timings")
    assert "compile" in json.loads((tmp_path / "c").read_text())["cells"][1]["metadata"]["pfe"]["timings"]


def test_html_and_pdf(tmp_path):
    book = write(tmp_path / "good.ipynb", GOOD)
    done = ok("run", book, "-o", tmp_path / "out.ipynb", "--html", "--pdf", "--lang", "en")
    assert "out.html" in done.stderr and "out.pdf" in done.stderr
    page = (tmp_path / "out.html").read_text()
    text = subprocess.run(["pdftotext", "-layout", tmp_path / "out.pdf", "-"], capture_output=True, text=True, check=True).stdout
    for part in ["SP 3", "3 rows × 2 columns", "24.0", "after", "let total: f64"]:
        assert part in page and part in text, part
    assert "<svg" in page and "<script" not in page
    # Again: the same bytes.
    first = [(tmp_path / f"out.{kind}").read_bytes() for kind in ("html", "pdf")]
    ok("run", book, "-o", tmp_path / "out.ipynb", "--html", "--pdf", "--lang", "en")
    assert first == [(tmp_path / f"out.{kind}").read_bytes() for kind in ("html", "pdf")]


def test_a_failed_notebook_is_printed_with_its_error(tmp_path):
    book = write(tmp_path / "bad.ipynb", FAILING)
    done = pfe_kernel("run", book, "-o", tmp_path / "out.ipynb", "--html")
    assert done.returncode == 1 and "index out of bounds" in (tmp_path / "out.html").read_text()


def test_prose_that_cannot_be_printed_is_named(tmp_path):
    prose = {"cell_type": "markdown", "id": "m", "metadata": {}, "source": "<marquee>x</marquee>"}
    book = notebook("1 + 1")
    book["cells"].append(prose)
    done = pfe_kernel("run", write(tmp_path / "book.ipynb", book), "-o", tmp_path / "out.ipynb", "--html")
    assert done.returncode == 1 and "cell 2" in done.stderr and "raw HTML" in done.stderr
    assert (tmp_path / "out.ipynb").exists() and not (tmp_path / "out.html").exists()


def test_a_failing_cell_is_named_and_what_ran_is_saved(tmp_path):
    book = write(tmp_path / "bad.ipynb", FAILING)
    done = pfe_kernel("run", book, "-o", tmp_path / "out.ipynb")
    assert done.returncode == 1
    assert "cell 3 failed" in done.stderr and "index out of bounds" in done.stderr and "   2 | v[a as usize]" in done.stderr
    first, printed, error, never = outputs(tmp_path / "out.ipynb")
    assert printed[0]["text"] == "1\n" and error[0]["output_type"] == "error" and never == []


def test_parameters(tmp_path):
    book = write(tmp_path / "good.ipynb", GOOD)
    ok("run", book, "-o", tmp_path / "out.ipynb", "--param", "horizon=6", "--param", "state=R\"J")
    saved = json.loads((tmp_path / "out.ipynb").read_text())
    assert saved["cells"][1]["metadata"]["tags"] == ["injected-parameters"]
    assert outputs(tmp_path / "out.ipynb")[2][0]["text"] == 'R"J 6\n'
    # Injected again, the cell is replaced.
    ok("run", tmp_path / "out.ipynb", "-o", tmp_path / "again.ipynb", "--param", "horizon=7")
    assert len(outputs(tmp_path / "again.ipynb")) == 8


@pytest.mark.parametrize("value, says", [("horizon=six", "is an `u32`"), ("horizon=-1", "is an `u32`"), ("hroizon=6", "no parameter `hroizon`"), ("horizon", "KEY=VALUE")])
def test_a_bad_parameter_is_an_error_before_anything_runs(tmp_path, value, says):
    book = write(tmp_path / "good.ipynb", GOOD)
    done = pfe_kernel("run", book, "-o", tmp_path / "out.ipynb", "--param", value)
    assert done.returncode != 0 and says in done.stderr and "[ 1/" not in done.stderr
    assert not (tmp_path / "out.ipynb").exists()


def test_timeout(tmp_path):
    book = write(tmp_path / "slow.ipynb", notebook("let a = 1;", "loop {}"))
    done = pfe_kernel("run", book, "-o", tmp_path / "out.ipynb", "--timeout", "2")
    assert done.returncode == 1 and "longer than 2 s" in done.stderr


def test_a_ticker_does_not_keep_a_run_alive(tmp_path):
    book = write(tmp_path / "book.ipynb", notebook('std::thread::spawn(|| loop { println!("tick"); std::thread::sleep(std::time::Duration::from_millis(20)); });', "std::thread::sleep(std::time::Duration::from_millis(300));\n1 + 1"))
    ok("run", book, "-o", tmp_path / "out.ipynb", timeout=60)
    ticker, (result,) = outputs(tmp_path / "out.ipynb")
    assert "tick" in ticker[0]["text"] and result["data"]["text/plain"] == "2"


def test_raises_exception_tag(tmp_path):
    book = write(tmp_path / "book.ipynb", notebook('panic!("meant")', "1 + 1", tags={0: ["raises-exception"]}))
    ok("run", book, "-o", tmp_path / "out.ipynb")


def test_a_run_goes_on_after_errors_that_are_meant(tmp_path):
    book = write(tmp_path / "book.ipynb", notebook('panic!("meant")', "1 + 1"))
    assert pfe_kernel("run", book, "-o", tmp_path / "out.ipynb").returncode == 1
    ok("run", book, "-o", tmp_path / "out.ipynb", "--allow-errors")
    error, result = outputs(tmp_path / "out.ipynb")
    assert error[0]["output_type"] == "error" and result[0]["data"]["text/plain"] == "2"


@pytest.mark.parametrize("minor", range(6))
def test_every_minor_format_is_read(tmp_path, minor):
    book = {**notebook("1 + 1"), "nbformat_minor": minor}
    if minor < 5:
        del book["cells"][0]["id"]
    ok("run", write(tmp_path / "book.ipynb", book), "-o", tmp_path / "out.ipynb")
    saved = json.loads((tmp_path / "out.ipynb").read_text())
    assert saved["nbformat_minor"] == minor and saved["cells"][0]["outputs"][0]["data"]["text/plain"] == "2"


def test_colours_are_for_terminals(tmp_path):
    book = write(tmp_path / "book.ipynb", notebook("nothing_like_this"))
    assert "\x1b" not in pfe_kernel("run", book, "-o", tmp_path / "out.ipynb").stderr
    # `script` gives the program a terminal.
    told = subprocess.run(["script", "-qec", f"{KERNEL} check {book}", "/dev/null"], capture_output=True, text=True, timeout=300)
    assert "\x1b[" in told.stdout


def test_check_reports_every_error_and_runs_nothing(tmp_path):
    marker = tmp_path / "ran"
    book = write(tmp_path / "book.ipynb", notebook(f'std::fs::write("{marker}", "")?;', "let a: i32 = \"x\";", "let b = 2;", "let c: String = b;"))
    done = pfe_kernel("check", book)
    assert done.returncode == 1 and not marker.exists()
    assert "cell 2:1:" in done.stderr and "cell 4:1:" in done.stderr
    assert "compiles" in ok("check", write(tmp_path / "good.ipynb", GOOD)).stderr


def test_verify_names_the_first_difference(tmp_path):
    book = write(tmp_path / "good.ipynb", GOOD)
    ok("run", book, "-o", tmp_path / "out.ipynb")
    ok("verify", tmp_path / "out.ipynb")
    text = (tmp_path / "out.ipynb").read_text().replace("24.0", "25.0")
    (tmp_path / "out.ipynb").write_text(text)
    done = pfe_kernel("verify", tmp_path / "out.ipynb")
    assert done.returncode == 1
    assert "cell 4: `text/plain`" in done.stderr and "before: 25.0" in done.stderr and "now:    24.0" in done.stderr


def test_export_is_a_program_without_the_kernel(tmp_path):
    """It compiles against the installed `pfe`, prints what the notebook shows, and does not know the kernel."""
    program = ok("export", write(tmp_path / "good.ipynb", GOOD)).stdout
    assert "pfe_runtime" not in program and "evcxr" not in program
    installed = json.loads((Path(os.environ["PFE_KERNEL_HOME"]) / "kernels/pfe/installed.json").read_text())
    source = tmp_path / "book.rs"
    source.write_text(program)
    externs = [part for it in installed["externs"] if it["name"] in ("pfe", "pfe_bundle") for part in ("--extern", f"{it['name']}={installed['directory']}/{it['file']}")]
    # `pfe` is inside the dynamic library here; a program of its own would link it with cargo.
    source.write_text("extern crate pfe_bundle as _;\n" + program.replace("#![allow(unused)]", ""))
    built = subprocess.run([installed["rustc"], "--edition=2024", "-Cprefer-dynamic", "-Aunused", "-L", f"dependency={installed['directory']}", *externs, "-o", tmp_path / "book", source], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    ran = subprocess.run([tmp_path / "book"], capture_output=True, text=True, env={"LD_LIBRARY_PATH": f"{installed['directory']}:{installed['sysroot']}"})
    assert ran.returncode == 0 and "SP 3" in ran.stdout and "24.0" in ran.stdout and "**after**" in ran.stdout


@pytest.mark.parametrize(
    "text, says",
    [
        ("not json", "is not a notebook"),
        ("{}", "is not a notebook"),
        (json.dumps(notebook("1", language="python")), "cells in python"),
        ('{"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": []}', "old format"),
    ],
)
def test_what_is_not_a_rust_notebook(tmp_path, text, says):
    book = tmp_path / "book.ipynb"
    book.write_text(text)
    done = pfe_kernel("run", book, cwd=tmp_path)
    assert done.returncode == 1 and says in done.stderr


def test_a_missing_file_and_a_folder_that_cannot_be_written(tmp_path):
    assert "cannot read" in pfe_kernel("run", tmp_path / "none.ipynb").stderr
    book = write(tmp_path / "book.ipynb", notebook("1"))
    done = pfe_kernel("run", book, "-o", "/proc/nothing/out.ipynb")
    assert done.returncode == 1 and "cannot write" in done.stderr


def test_cells_run_in_the_folder_of_the_notebook(tmp_path):
    (tmp_path / "beside.txt").write_text("found")
    book = write(tmp_path / "book.ipynb", notebook('std::fs::read_to_string("beside.txt")?'))
    ok("run", book, "-o", tmp_path / "out.ipynb", cwd="/")


def test_without_an_install(tmp_path):
    book = write(tmp_path / "book.ipynb", notebook("1"))
    done = subprocess.run([KERNEL, "run", book], capture_output=True, text=True, env={**os.environ, "PFE_KERNEL_HOME": str(tmp_path / "none")})
    assert done.returncode == 1 and "not installed" in done.stderr and "hint:" in done.stderr


def test_uninstall_removes_what_install_made_and_nothing_else(tmp_path):
    data, prefix = tmp_path / "data", tmp_path / "prefix"
    spec = prefix / "share/jupyter/kernels/pfe"
    environment = {**os.environ, "PFE_KERNEL_HOME": str(data)}

    def run(*args):
        done = subprocess.run([KERNEL, *args, "--prefix", prefix], capture_output=True, text=True, env=environment, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        return done.stderr

    run("install")
    assert json.loads((spec / "kernel.json").read_text())["argv"][0].startswith(str(data))
    (data / "history.jsonl").write_text("")
    (spec / "logo.svg").write_text("<svg/>")
    said = run("uninstall")
    kept = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if not path.is_dir() and path.name != ".pfe-kernel"]
    assert sorted(kept) == ["data/history.jsonl", "prefix/share/jupyter/kernels/pfe/logo.svg"]
    assert "history.jsonl`: `install` has not made it" in said
    (data / "history.jsonl").unlink()
    run("uninstall")
    assert not data.exists() and "nothing to remove" in run("uninstall")


def test_the_lock_file_pins_what_evcxr_needs():
    packages = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    versions = {package["version"] for package in packages if package["name"].startswith("salsa")}
    assert versions == {"0.28.2"}
