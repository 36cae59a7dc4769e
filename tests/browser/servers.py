"""Words become a Jupyter server on a port of its own, whose every folder is a temporary one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOKEN = "let-me-in"
_PATIENCE_S = 90.0
_SERVED = {"view_notebooks": ROOT, "model_notebooks": ROOT, "notebooks": Path(__file__).parent}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that answers.

    Attributes:
        url: Where, without a slash at its end.
        folder: The copies that it serves.
        log: What it and its kernels have written.
    """

    url: str
    folder: Path
    log: Path
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End it; its kernels end too."""
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def restore(self, notebook: str) -> None:
        """Undo what a page has written into a notebook."""
        place = Path(notebook)
        shutil.copyfile(_SERVED[place.parts[0]] / place, self.folder / place)


def start_lab(folder: Path) -> Server:
    """Start JupyterLab; it asks nobody for news or updates, and remembers no workspace."""
    served = _copies(folder)
    port = _free_port()
    words = [
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        "--expose-app-in-browser",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={served}",
        f"--IdentityProvider.token={TOKEN}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.collaborative=False",
    ]
    return _started(words, folder, served, port, f"/api/status?token={TOKEN}")


def start_voila(folder: Path) -> Server:
    """Start `nbnodes dashboard` on a folder."""
    served = _copies(folder)
    port = _free_port()
    words = ["nbnodes", "dashboard", str(served), f"--port={port}", f"--token={TOKEN}"]
    return _started(words, folder, served, port, "/login")


def surroundings(folder: Path) -> Mapping[str, str]:
    """Return an environment in which nothing of this machine's user is read or written."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("NBNODES_", "JUPYTER", "VOILA_"))
    }
    ours = {
        "NBNODES_CACHE": "cache",
        "XDG_CACHE_HOME": "xdg_cache",
        "XDG_DATA_HOME": "xdg_data",
        "JUPYTER_CONFIG_DIR": "jupyter_config",
        "JUPYTER_DATA_DIR": "jupyter_data",
        "JUPYTER_RUNTIME_DIR": "jupyter_runtime",
        "JUPYTERLAB_SETTINGS_DIR": "lab_settings",
        "JUPYTERLAB_WORKSPACES_DIR": "lab_workspaces",
        "IPYTHONDIR": "ipython",
        "MPLCONFIGDIR": "matplotlib",
    }
    enabled = {"JUPYTER_CONFIG_PATH": str(ROOT / "jupyter-config")}  # as where nbnodes is installed
    return kept | enabled | {name: str(folder / place) for name, place in ours.items()}


def _copies(folder: Path) -> Path:
    """Lay the notebooks side by side, as they are in the repository."""
    served = folder / "served"
    for name, parent in _SERVED.items():
        if (parent / name).is_dir():
            skipped = shutil.ignore_patterns(".ipynb_checkpoints")
            shutil.copytree(parent / name, served / name, ignore=skipped)
    return served


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _started(words: list[str], folder: Path, served: Path, port: int, probe: str) -> Server:
    url, log = f"http://127.0.0.1:{port}", folder / "log.txt"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=served,
            env=surroundings(folder),
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    server = Server(url=url, folder=served, log=log, process=process)
    try:
        _await_answer(server, url + probe)
    except BaseException:
        server.stop()
        raise
    return server


def _await_answer(server: Server, url: str) -> None:
    """Ask until the server answers; a port tells nobody when it opens."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=10):
                return
        except urllib.error.HTTPError:
            break
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{url} does not answer:\n{server.log.read_text(errors='replace')}")
