"""What answers requests: ours, and what it is held against. Each on a port of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from benchmarks import notebooks, peers

_ECHO = Path(__file__).with_name("echo.py")
_PATIENCE_S = 60.0
_ENDING_S = 20.0
_WORKERS = os.cpu_count() or 1

_HANDLER = (
    "# GET /run\nimport json\n" + 'x = int(json.loads(REQUEST)["args"]["x"][0])\n{}\nprint({})'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """A server that answers.

    Attributes:
        url: Where, without a slash at its end.
        process: It.
    """

    url: str
    process: psutil.Process

    @property
    def family(self) -> list[psutil.Process]:
        """It and all that it has started."""
        return [self.process, *self.process.children(recursive=True)]

    def cpu_s(self) -> float:
        """Return what processor time it has taken."""
        spent = self.process.cpu_times()
        return float(spent.user + spent.system)


@contextmanager
def ours(path: str, *, cache: str, probe: str = "/readyz") -> Iterator[Listening]:
    """Serve a path by `nbnodes serve`.

    Args:
        path: A notebook, or a folder of them.
        cache: Where its results are.
        probe: What is asked once before.
    """
    command = ["-m", "nbnodes", "serve", path, "--cache", cache, "--port", "{port}"]
    with _listening(command, probe) as server:
        yield server


@contextmanager
def echo() -> Iterator[Listening]:
    """Serve nothing at all, as fast as tornado does."""
    with _listening([str(_ECHO), "{port}"], "/echo?x=1") as server:
        yield server


@contextmanager
def gateway(folder: str, cells: notebooks.Cells) -> Iterator[Listening]:
    """Serve a notebook at `/run?x=1` by jupyter_kernel_gateway, with as many kernels as processors.

    Args:
        folder: Where its own form of the notebook is written.
        cells: The notebook; it takes `x`.

    Raises:
        ModuleNotFoundError: If it is not installed.
    """
    peers.require("kernel_gateway")
    given = [source for tag, source in cells if tag == ""]
    value = next(source for tag, source in cells if tag == "return")
    handler = _HANDLER.format("\n".join(given), value)
    path = notebooks.write(folder, "gateway", [("", handler)])
    words = {
        "KernelGatewayApp.api": "kernel_gateway.notebook_http",
        "KernelGatewayApp.seed_uri": path,
        "KernelGatewayApp.port": "{port}",
        "KernelGatewayApp.prespawn_count": str(_WORKERS),
        "KernelGatewayApp.log_level": "ERROR",
    }
    command = ["-m", "kernel_gateway", *(f"--{name}={word}" for name, word in words.items())]
    with _listening(command, "/run?x=1") as server:
        yield server


@contextmanager
def panel(folder: str, program: str) -> Iterator[Listening]:
    """Serve a program by Panel, at `/program`.

    Raises:
        ModuleNotFoundError: If it is not installed.
    """
    peers.require("panel")
    path = os.path.join(folder, "program.py")
    Path(path).write_text(program, encoding="utf-8")
    with _listening(["-m", "panel", "serve", path, "--port", "{port}"], "/program") as server:
        yield server


@contextmanager
def _listening(words: Sequence[str], probe: str) -> Iterator[Listening]:
    port = free_port()
    command = [sys.executable, *(word.replace("{port}", str(port)) for word in words)]
    places = (os.environ.get("PYTHONPATH"), peers.PLACE if _is_peer(words) else None)
    path = os.pathsep.join(filter(None, places))
    process = subprocess.Popen(  # noqa: S603  # our own words
        command,
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _await_answer(process, url + probe)
        yield Listening(url=url, process=psutil.Process(process.pid))
    finally:
        process.terminate()
        try:
            process.wait(_ENDING_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _is_peer(words: Sequence[str]) -> bool:
    return words[0] == "-m" and words[1] != "nbnodes"


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _await_answer(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=10):  # noqa: S310  # our own
                return
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{url}: {error}") from None
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{url} does not answer")
