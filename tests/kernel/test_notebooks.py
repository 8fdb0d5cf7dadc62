"""The project's notebooks: they compile, run on generated and on real data, repeat bit for bit, and become programs."""

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


def test_there_are_four():
    assert [path.stem[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04"]


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
    assert "pfe_cell" not in program
    installed = json.loads((Path(os.environ["PFE_KERNEL_HOME"]) / "installed.json").read_text())
    folder = installed["directory"]
    externs = [part for name, file in installed["externs"] if name in ("pfe", "pfe_cell") for part in ("--extern", f"{name}={folder}/{file}")]
    source = tmp_path / "book.rs"
    # `pfe` is inside the dynamic library here; a program of its own would link it with cargo.
    source.write_text("extern crate pfe_cell as _;\n" + program.replace("#![allow(unused)]", ""))
    command = [installed["rustc"], "--edition=2024", "-Cprefer-dynamic", "-Aunused", "-L", f"dependency={folder}", *externs, "-o", tmp_path / "book", source]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    environment = {"LD_LIBRARY_PATH": f"{folder}:{installed['sysroot']}"}
    ran = subprocess.run([tmp_path / "book"], cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert ran.returncode == 0, ran.stderr
    assert "données générées" in ran.stdout
