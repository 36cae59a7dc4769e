"""What an executor that waits for a call holds in memory alone."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from benchmarks import notebooks
from benchmarks.contest import Group, Reading, at_most

_SETTLE_S = 0.7  # until what was used up has grown again, and start-up is over
_OURS = "idle spare, pandas preloaded"


def memory_groups(folder: str) -> Iterator[Group]:
    """Yield private memory of a spare child of the `fork` engine, beside an idle kernel's."""
    import nbnodes as nb

    path = notebooks.write(folder, "memory", notebooks.PANDAS)
    with nb.Session(cache=False) as session:
        model = session.model(path)
        yield Group(
            name="memory per ready executor (private)",
            contenders=(
                Reading(name=_OURS, read=lambda: _spare_mib(model), unit="MiB"),
                Reading(name="ipykernel", read=lambda: _kernel_mib("pass"), unit="MiB"),
                Reading(
                    name="ipykernel, pandas imported",
                    read=lambda: _kernel_mib("import pandas"),
                    unit="MiB",
                ),
            ),
            goals=(at_most(_OURS, 5, "MiB"),),
            rounds=1,  # hardly noisy
        )


def _spare_mib(model: Any) -> float:
    """Return the private memory of the largest spare of an engine that has made one call."""
    import psutil

    from nbnodes.engines.fork import ForkEngine

    here = psutil.Process()
    before = set(here.children())
    with closing(ForkEngine()) as engine:
        model.run(engine=engine, cache=False)
        time.sleep(_SETTLE_S)
        templates = set(here.children()) - before
        spares = [child.pid for template in templates for child in template.children()]
        if not spares:
            raise AssertionError("no spare child was found below the template")
        return max(map(_private_mib, spares))


def _kernel_mib(code: str) -> float:
    with _kernel() as (pid, client):
        client.execute_interactive(code, timeout=60)
        time.sleep(_SETTLE_S)
        return _private_mib(pid)


@contextmanager
def _kernel() -> Iterator[tuple[int, Any]]:
    from jupyter_client.manager import KernelManager

    manager = KernelManager(kernel_name="python3")
    manager.start_kernel()
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        provisioner: Any = manager.provisioner
        yield int(provisioner.pid), client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _private_mib(pid: int) -> float:
    """Return what is mapped by that process alone (proc(5), smaps_rollup)."""
    with open(os.path.join("/proc", str(pid), "smaps_rollup"), encoding="ascii") as file:
        sizes_kib = re.findall(r"^Private_(?:Clean|Dirty): +(\d+) kB", file.read(), re.MULTILINE)
    return sum(map(int, sizes_kib)) / 1024
