"""Notebooks through the clients people use, and JupyterLab in a browser."""

import copy
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
from books import FAILING, GOOD, write

HERE = Path(__file__).parent


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


def test_jupyterlab_in_a_browser(tmp_path):
    """Opens a notebook, runs all, looks at what is drawn, interrupts a loop, completes with Tab."""
    write(tmp_path / "good.ipynb", GOOD)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shots = Path(os.environ.get("PFE_SHOTS", tmp_path / "shots"))
    shots.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(tmp_path / "config"), "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"), "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "workspaces")}
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={port}", "--allow-root", "--IdentityProvider.token=", f"--ServerApp.root_dir={tmp_path}"],
        env=environment,
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
        done = subprocess.run(["node", HERE / "lab.cjs", f"http://127.0.0.1:{port}", shots], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        seen = json.loads(done.stdout.splitlines()[-1])
        assert seen == {"tables": 1, "figures": 1, "markdown": "after", "interrupted": True, "kept": "24.0", "completed": "horizon"}
    finally:
        server.terminate()
        server.wait(timeout=20)
