"""A folder becomes a Jupyter server on it: a process of its own, enabled by the file that ships."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
from serving import LOOPBACK, PATIENCE_S, ROOT

TOKEN = "let-me-in"
HERE = Path(__file__).parent
_OTHERS = (  # what this machine's environment enables, and these tests do without
    "jupyter_lsp",
    "jupyter_server_terminals",
    "jupyterlab",
    "jupyterlab_jupytext",
    "notebook_shim",
    "voila.server_extension",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Jupyter:
    """A server that answers.

    Attributes:
        url: Its address, with a slash at its end.
        root: The folder that it is on.
        client: Asks it, with its token.
        process: It.
        log: What it has written.
    """

    url: str
    root: Path
    client: httpx.Client
    process: subprocess.Popen[bytes]
    log: Path

    @contextlib.contextmanager
    def page(self) -> Iterator[httpx.Client]:
        """Give a client as a browser is: it has come in by the token, and goes on by a cookie."""
        client = httpx.Client(base_url=self.url, timeout=PATIENCE_S, follow_redirects=True)
        with client as browser:
            found = browser.get(f"nbnodes/?token={TOKEN}", headers={"Accept": "text/html"})
            assert found.status_code == 200
            assert "token" not in str(found.url)
            yield browser


@contextlib.contextmanager
def jupyter(root: Path, folder: Path, *words: str, base_url: str = "/") -> Iterator[Jupyter]:
    """Run `jupyter server` on a root; all that it keeps of its own is in the folder."""
    port, log = _free_port(), folder / "log.txt"
    url = f"http://{LOOPBACK}:{port}{base_url}"
    options = {
        "ServerApp.ip": LOOPBACK,
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": root,
        "ServerApp.base_url": base_url,
        "IdentityProvider.token": TOKEN,
    }
    given = [f"--{name}={value}" for name, value in options.items()]
    with log.open("wb") as written:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "jupyter_server",
                "--no-browser",
                "--allow-root",
                *given,
                *words,
            ],
            cwd=folder,
            env=_surroundings(folder, root),
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        headers = {"Authorization": f"token {TOKEN}"}
        with httpx.Client(base_url=url, headers=headers, timeout=PATIENCE_S) as client:
            found = Jupyter(url=url, root=root, client=client, process=process, log=log)
            _await_answer(found)
            yield found
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def _surroundings(folder: Path, root: Path) -> dict[str, str]:
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("NBNODES_", "JUPYTER"))}
    config = folder / "config"
    config.mkdir()
    without = {"ServerApp": {"jpserver_extensions": dict.fromkeys(_OTHERS, False)}}
    (config / "jupyter_server_config.json").write_text(json.dumps(without))
    return kept | {
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_CONFIG_PATH": str(ROOT / "jupyter-config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "MEMORY_NOTEBOOKS": str(root),
        "NBNODES_CACHE": str(folder / "cache"),
        "NBNODES_WORKERS": "4",
        "PYTHONPATH": str(HERE),
    }


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((LOOPBACK, 0))
        return int(found.getsockname()[1])


def _await_answer(server: Jupyter) -> None:
    """Ask until the server answers; a port tells nobody when it opens."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and server.process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            server.client.get("api").raise_for_status()
            return
        time.sleep(0.05)
    raise RuntimeError(f"{server.url} does not answer:\n{server.log.read_text(errors='replace')}")
