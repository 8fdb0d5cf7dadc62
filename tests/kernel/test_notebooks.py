"""The project's notebooks: they compile, run on generated and on real data, repeat bit for bit, and become programs."""

import csv
import itertools
import json
import os
import subprocess
from pathlib import Path

import pytest
from test_runner import ROOT, ok

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
DATA = os.environ.get("PFE_DATA")


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return request.param


@pytest.fixture(params=["generated", "real"])
def run(request, notebook, tmp_path):
    """Runs the notebook; gives the file with its outputs."""
    if request.param == "real" and not DATA:
        pytest.skip("no real data: set PFE_DATA")
    # A copy, elsewhere: data beside the project are not found.
    book = tmp_path / notebook.name
    book.write_bytes(notebook.read_bytes())
    out = tmp_path / "out.ipynb"
    ok("run", book, "-o", out, *(["--param", f"data={DATA}"] if request.param == "real" else []))
    return out


def shown(path):
    cells = json.loads(path.read_text())["cells"]
    return [out.get("data", {}) for cell in cells for out in cell.get("outputs", [])]


def installed():
    return json.loads((Path(os.environ["PFE_KERNEL_HOME"]) / "kernels/pfe/installed.json").read_text())


def test_there_are_five():
    assert [path.stem[:2] for path in NOTEBOOKS] == ["00", "01", "02", "03", "04"]


def test_no_outputs_are_committed(notebook):
    for cell in json.loads(notebook.read_text())["cells"]:
        assert not cell.get("outputs") and not cell.get("execution_count")


def test_check(notebook):
    assert "compiles" in ok("check", notebook).stderr


def test_run_shows_a_table_and_a_figure_and_verify_agrees(run):
    bundles = shown(run)
    assert any("pfe-table" in bundle.get("text/html", "") for bundle in bundles)
    figures = [bundle["image/svg+xml"] for bundle in bundles if "image/svg+xml" in bundle]
    assert figures and not any("Pas de données" in figure for figure in figures)
    ok("verify", run)


def test_export_is_a_program_that_runs(notebook, tmp_path):
    program = ok("export", notebook).stdout
    assert "pfe_runtime" not in program
    toolchain = installed()
    folder = toolchain["directory"]
    externs = [part for it in toolchain["externs"] if it["name"] in ("pfe", "pfe_bundle") for part in ("--extern", f"{it['name']}={folder}/{it['file']}")]
    source = tmp_path / "book.rs"
    # `pfe` is inside the dynamic library here; a program of its own would link it with cargo.
    source.write_text("extern crate pfe_bundle as _;\n" + program.replace("#![allow(unused)]", ""))
    command = [toolchain["rustc"], "--edition=2024", "-Cprefer-dynamic", "-Aunused", "-L", f"dependency={folder}", *externs, "-o", tmp_path / "book", source]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    environment = {"LD_LIBRARY_PATH": f"{folder}:{toolchain['sysroot']}"}
    ran = subprocess.run([tmp_path / "book"], cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert ran.returncode == 0, ran.stderr
    assert "données générées" in ran.stdout


@pytest.fixture(scope="module", params=["generated", "real"])
def source(request):
    """Arguments of the notebooks and of `pfe run` for the same data."""
    if request.param == "real" and not DATA:
        pytest.skip("no real data: set PFE_DATA")
    real = request.param == "real"
    return (["--param", f"data={DATA}"], ["--data", DATA]) if real else ([], ["--orders", "20000"])


def executed(name, source, tmp_path):
    book, out = tmp_path / name, tmp_path / f"out-{name}"
    book.write_bytes((ROOT / "notebooks" / name).read_bytes())
    ok("run", book, "-o", out, *source[0])
    return out


def command_line(source, out, *more):
    """The same analysis by the `pfe` binary that the kernel's installation brought."""
    program = Path(installed()["directory"]) / "pfe"
    subprocess.run([program, "run", *source[1], *more, "--out", out, "--quiet"], check=True)


def table_of(path, columns):
    """The cells of those columns of the first shown table that has them, down to where rows are left out."""
    for bundle in shown(path):
        table = bundle.get("application/vnd.pfe.table+json")
        names = [column["header"] for column in table["columns"]] if table else []
        if set(columns) <= set(names):
            rows = itertools.takewhile(lambda row: row != ["…"], table["rows"])
            return [[row[names.index(c)] for c in columns] for row in rows]
    raise AssertionError(f"no table has the columns {columns}")


def close(shown, written):
    """A cell of a notebook is the number of the file, rounded for reading."""
    try:
        return abs(float(shown) - float(written)) <= 5e-3 * max(1, abs(float(written)))
    except ValueError:
        return shown == written


@pytest.mark.parametrize(
    "name, more, file, columns, key",
    [
        ("03_regions_paiements.ipynb", ["--budget", "10000"], "regions", ["state", "score", "forecast", "before", "gain"], None),
        ("03_regions_paiements.ipynb", ["--budget", "10000"], "winner_payments", ["payment_type", "payments", "share_payments", "value"], None),
        ("02_modele.ipynb", [], "entrants_by_category", ["category", "n", "typical", "low80", "p_first", "p_top3"], None),
        ("02_modele.ipynb", [], "milestones", ["orders_28", "n"], None),
        ("02_modele.ipynb", [], "profit_by_category", ["category", "margin", "contribution", "p_first"], None),
        ("02_modele.ipynb", [], "winner", ["category", "score", "forecast", "lo80", "hi80", "first"], None),
        ("02_modele.ipynb", [], "backtest", ["model", "wape", "bias", "mase", "ours_minus_this"], {"by": "category", "cutoffs": "monthly"}),
    ],
    ids=["regions", "payments", "entrants", "milestones", "profit", "winner", "backtest"],
)
def test_tables_are_those_of_the_command_line(source, tmp_path, name, more, file, columns, key):
    rows = table_of(executed(name, source, tmp_path), columns)
    command_line(source, tmp_path / "out", *more)
    with open(tmp_path / "out/tables" / f"{file}.csv", newline="") as lines:
        written = [row for row in csv.DictReader(lines) if all(row[k] == v for k, v in (key or {}).items())]
    assert rows and len(rows) <= len(written)
    for cells, row in zip(rows, written):
        assert all(close(cell, row[column]) for cell, column in zip(cells, columns)), (cells, row)


def test_the_fingerprint_is_that_of_the_command_line(source, tmp_path):
    last = shown(executed("04_rapport.ipynb", source, tmp_path))[-1]["text/plain"]
    command_line(source, tmp_path / "out")
    core = json.loads((tmp_path / "out/run.json").read_text())["core"]
    assert core["fingerprint"] in last
