"""Notebooks through the clients people use, and JupyterLab in a browser."""

import copy
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from books import FAILING, GOOD, write

HERE = Path(__file__).parent
NOTEBOOKS = sorted((HERE.parents[1] / "notebooks").glob("*.ipynb"))


def check(book):
    data = [out.get("data", {}) for cell in book.cells for out in cell.get("outputs", [])]
    assert any("text/html" in bundle for bundle in data) and any("image/svg+xml" in bundle for bundle in data)


def test_nbclient():
    from nbclient import NotebookClient

    book = nbformat.from_dict(copy.deepcopy(GOOD))
    NotebookClient(book, kernel_name="pfe").execute()
    check(book)


def test_nbclient_names_the_failing_cell():
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    try:
        NotebookClient(nbformat.from_dict(copy.deepcopy(FAILING)), kernel_name="pfe").execute()
    except CellExecutionError as error:
        assert "index out of bounds" in str(error)
    else:
        raise AssertionError("the notebook should fail")


def test_nbconvert(tmp_path):
    book = write(tmp_path / "good.ipynb", GOOD)
    subprocess.run([sys.executable, "-m", "nbconvert", "--to", "html", "--execute", book], check=True)
    html = (tmp_path / "good.html").read_text()
    assert "pfe-table" in html and "image/svg+xml" in html


def test_papermill(tmp_path):
    book = write(tmp_path / "good.ipynb", GOOD)
    out = tmp_path / "out.ipynb"
    subprocess.run([sys.executable, "-m", "papermill", book, out, "--no-progress-bar"], check=True)
    check(nbformat.read(out, as_version=4))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request, tmp_path):
    """One of the project's notebooks, elsewhere: it finds no data and generates its own."""
    return Path(shutil.copy(request.param, tmp_path))


def check_notebook(path):
    """A table, a figure, no error."""
    book = nbformat.read(path, as_version=4)
    check(book)
    assert not any(out["output_type"] == "error" for cell in book.cells for out in cell.get("outputs", []))


def test_notebooks_by_nbclient(notebook, tmp_path):
    from nbclient import NotebookClient

    book = nbformat.read(notebook, as_version=4)
    NotebookClient(book, resources={"metadata": {"path": str(tmp_path)}}).execute()
    nbformat.write(book, tmp_path / "out.ipynb")
    check_notebook(tmp_path / "out.ipynb")


def test_notebooks_by_nbconvert(notebook, tmp_path):
    command = ["--to", "notebook", "--execute", notebook, "--output", tmp_path / "out.ipynb"]
    subprocess.run([sys.executable, "-m", "nbconvert", *command], check=True)
    check_notebook(tmp_path / "out.ipynb")


def test_notebooks_by_papermill(notebook, tmp_path):
    out = tmp_path / "out.ipynb"
    subprocess.run([sys.executable, "-m", "papermill", notebook, out, "--no-progress-bar", "--cwd", tmp_path], check=True)
    check_notebook(out)


@contextmanager
def jupyterlab(folder):
    """A server on `folder`; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = {f"JUPYTER{name}_DIR": str(folder / ".jupyter" / name) for name in ("_CONFIG", "LAB_SETTINGS", "LAB_WORKSPACES")}
    # By default Lab draws only the cells near the window, and takes the others out of the page.
    settings = Path(places["JUPYTERLAB_SETTINGS_DIR"]) / "@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text('{ "windowingMode": "none" }')
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={port}", "--allow-root", "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}"],
        env={**os.environ, **places},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.time() + 60
        while time.time() < end:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api")
                break
            except OSError:
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


def in_browser(script, *args, timeout=300):
    """Runs a script of Playwright; gives the JSON of its last line."""
    done = subprocess.run(["node", HERE / "jupyterlab" / script, *map(str, args)], capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def shots(tmp_path):
    folder = Path(os.environ.get("PFE_SHOTS", tmp_path / "shots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_jupyterlab_in_a_browser(tmp_path):
    """Opens a notebook, runs all, looks at what is drawn, interrupts a loop, completes with Tab."""
    write(tmp_path / "good.ipynb", GOOD)
    with jupyterlab(tmp_path) as address:
        seen = in_browser("lab.cjs", address, shots(tmp_path))
    assert seen == {"tables": 1, "figures": 1, "markdown": "after", "interrupted": True, "kept": "24.0", "completed": "horizon"}


def test_notebooks_in_jupyterlab(tmp_path):
    """Opens each of the project's notebooks and runs all of it."""
    names = [shutil.copy(path, tmp_path) and path.stem for path in NOTEBOOKS]
    with jupyterlab(tmp_path) as address:
        seen = in_browser("notebooks.cjs", address, shots(tmp_path), *names, timeout=600)
    assert list(seen) == names
    for name, shown in seen.items():
        assert shown["tables"] and shown["figures"] and not shown["errors"], (name, shown)
