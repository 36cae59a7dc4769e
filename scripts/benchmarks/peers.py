"""What others offer for running a notebook, as functions without arguments."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from importlib.machinery import PathFinder
from typing import Any

PLACE = os.path.join(sys.prefix, "peers")
"""Where scripts/bench installs those that must not be seen by the rest: papermill imports every
package that adds an engine to it, and ploomber-engine would double the time of its command line."""


def require(module: str) -> None:
    """See to it that a peer is there for programs that have `PLACE` on their path.

    Raises:
        ModuleNotFoundError: If it is not.
    """
    if PathFinder.find_spec(module, [PLACE, *sys.path]) is None:
        raise ModuleNotFoundError(f"there is no {module}", name=module)


def papermill_call(path: str, values: Mapping[str, Any]) -> Callable[[], object]:
    """Return papermill's API: a new kernel for each call, no file written."""

    def call() -> object:
        import papermill

        folder = os.path.dirname(path)
        return papermill.execute_notebook(path, None, values, progress_bar=False, cwd=folder)

    return call


def ploomber_call(path: str, values: Mapping[str, Any]) -> Callable[[], object]:
    """Return ploomber-engine's API: a shell in this process, no isolation."""

    def call() -> object:
        execute_notebook = _ploomber()
        folder = os.path.dirname(path)
        return execute_notebook(path, None, parameters=values, progress_bar=False, cwd=folder)

    return call


def new_kernel(path: str) -> Callable[[], object]:
    """Return nbclient with a new kernel for each call; the notebook is read once."""
    import nbclient

    notebook, resources = _read(path)
    return lambda: nbclient.NotebookClient(notebook, resources=resources).execute()


def death_seen_ms(path: str) -> Callable[[], float]:
    """Return what measures how long nbclient takes to see that its kernel has died."""
    from nbclient.exceptions import DeadKernelError

    run = new_kernel(path)

    def read() -> float:
        try:
            run()
        except DeadKernelError:
            return since_death_ms(path)
        raise AssertionError("it did not die")

    return read


def since_death_ms(path: str) -> float:
    """Return how long ago the notebook in that folder wrote down its time."""
    seen_at = time.monotonic()
    with open(os.path.join(os.path.dirname(path), "died_at"), encoding="utf-8") as file:
        return 1000 * (seen_at - float(file.read()))


class WarmKernel:
    """nbclient on one kernel that lives on and is shared: names of earlier calls remain.

    Args:
        path: The notebook, read once.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._client: Any = None

    def __call__(self) -> Any:
        """Run all cells; return the executed notebook."""
        if self._client is None:
            self._client = self._open()
        return self._client.execute()

    def close(self) -> None:
        """End the kernel."""
        from nbclient.util import run_sync

        client, self._client = self._client, None
        if client is not None:
            client.kc.stop_channels()
            run_sync(client.km.shutdown_kernel)(now=True)

    def _open(self) -> Any:
        import nbclient
        from jupyter_client import AsyncKernelManager

        notebook, resources = _read(self._path)
        kernel = AsyncKernelManager(kernel_name="python3")
        return nbclient.NotebookClient(notebook, km=kernel, resources=resources)


def _read(path: str) -> tuple[Any, dict[str, Any]]:
    import nbformat

    return nbformat.read(path, as_version=4), {"metadata": {"path": os.path.dirname(path)}}


def _ploomber() -> Callable[..., object]:
    import papermill  # noqa: F401  # first, so that it does not import ploomber-engine

    os.environ["PLOOMBER_STATS_ENABLED"] = "false"
    if PLACE not in sys.path:
        sys.path.append(PLACE)
    from ploomber_engine import execute_notebook  # type: ignore[import-not-found]

    found: Callable[..., object] = execute_notebook
    return found
