"""A program: cells and events come in as JSON, marimo's runtime runs them, what ran goes out.

It runs in a process of its own, with the peers' folder as its argument: marimo takes over modules
and standard streams. It is driven as its own server drives it: a kernel as of an app that is run
(`marimo run`), cells that are run once, then the values of sliders that a person moves.

In: [{"cells": {id: code}, "nodes": [name], "shown": [name], "events": [[slider, value]]}].
Out: for each of these {"ran": for each event the nodes that ran, "values": for each event the
values of the nodes shown, "seconds"}.
"""

from __future__ import annotations

import asyncio
import json
import os
import queue
import sys
import time
from types import ModuleType
from typing import Any


def main() -> None:
    """Run what comes in."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what else is printed is not the answer
    sys.path.insert(0, sys.argv[1])
    given = json.load(sys.stdin)
    ran: list[str] = []
    tally = ModuleType("tally")
    tally.note = ran.append  # type: ignore[attr-defined]
    sys.modules["tally"] = tally
    told = [asyncio.run(_driven(one, ran)) for one in given]
    json.dump(told, out)
    out.close()


async def _driven(given: dict[str, Any], ran: list[str]) -> dict[str, Any]:
    from marimo._runtime.commands import ExecuteCellCommand, UpdateUIElementCommand
    from marimo._runtime.kernel_lifecycle import kernel_session

    with kernel_session(_arguments()) as (kernel, _):
        cells = [ExecuteCellCommand(cell_id=one, code=code) for one, code in given["cells"].items()]
        await kernel.run(cells)
        if kernel.errors or sorted(ran) != sorted(given["nodes"]):
            raise AssertionError(f"not every cell ran, and once: {ran} {kernel.errors}")
        events, values = [], []
        seconds = 0.0
        for name, value in given["events"]:
            ran.clear()
            slider = kernel.globals[name]._id  # noqa: SLF001  # by which the page calls it
            moved = UpdateUIElementCommand(object_ids=[slider], values=[value])
            begun = time.perf_counter()
            await kernel.set_ui_element_value(moved, notify_frontend=False)
            seconds += time.perf_counter() - begun
            events.append(list(ran))
            values.append([kernel.globals[one] for one in given["shown"]])
        ran.clear()
        return {"ran": events, "values": values, "seconds": seconds}


def _arguments() -> Any:
    from marimo._ast.app_config import _AppConfig
    from marimo._config.config import DEFAULT_CONFIG
    from marimo._messaging.types import KernelStreams, NoopStream
    from marimo._runtime.commands import AppMetadata
    from marimo._runtime.kernel_lifecycle import KernelArgs
    from marimo._session.model import SessionMode

    return KernelArgs(
        streams=KernelStreams(stream=NoopStream(), stdout=None, stderr=None, stdin=None),
        debugger=None,
        configs={},
        app_metadata=AppMetadata(query_params={}, cli_args={}, app_config=_AppConfig()),
        user_config=DEFAULT_CONFIG,
        mode=SessionMode.RUN,
        control_queue=queue.SimpleQueue(),
        set_ui_element_queue=queue.SimpleQueue(),
        virtual_file_storage=None,
    )


if __name__ == "__main__":
    main()
