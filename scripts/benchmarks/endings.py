"""How soon a call ends that was cancelled, or whose process has died."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from benchmarks import notebooks, peers
from benchmarks.contest import Group, Reading, at_most, percentile_at_most

_CANCELS = 30
_UNDER_WAY_S = 0.05  # after the first cell was announced
_BEGIN_S = 30.0
_DEATH = "os._exit seen, isolated"


def ending_groups(folder: str) -> Iterator[Group]:
    """Yield cancelled calls, then deaths."""
    import nbnodes as nb

    with nb.Session(cache=False) as session:
        for title, cells in (("busy loop", notebooks.BUSY), ("sleep", notebooks.ASLEEP)):
            model = session.model(notebooks.write(folder, title.replace(" ", "_"), cells))
            yield Group(
                name=f"cancellation, {title}",
                contenders=(Reading(name="from cancel to end", read=partial(_cancel_ms, model)),),
                goals=(percentile_at_most("from cancel to end", 95, 250),),
                rounds=_CANCELS,
            )
        path = notebooks.write(folder, "death", notebooks.DEATH)
        yield Group(
            name="death",
            contenders=(
                Reading(name=_DEATH, read=partial(_death_ms, session.model(path), path)),
                Reading(name="os._exit seen, nbclient", read=peers.death_seen_ms(path)),
            ),
            goals=(at_most(_DEATH, 50),),
        )


def _cancel_ms(model: Any) -> float:
    from nbnodes.engines.engine import CancelToken
    from nbnodes.errors import RunCancelledError

    cancel, begun = CancelToken(), threading.Event()

    def run() -> float:
        try:
            model.run(engine="fork", cache=False, cancel=cancel, on_progress=lambda _: begun.set())
        except RunCancelledError:
            return time.perf_counter()
        raise AssertionError("it ended before it was cancelled")

    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(run)
        begun.wait(_BEGIN_S)
        time.sleep(_UNDER_WAY_S)
        cancelled_at = time.perf_counter()
        cancel.cancel()
        return 1000 * (ended.result() - cancelled_at)


def _death_ms(model: Any, path: str) -> float:
    from nbnodes.errors import KernelDiedError

    stamp = os.path.join(os.path.dirname(path), "died_at")
    if os.path.exists(stamp):
        os.remove(stamp)
    try:
        model.run(engine="fork", cache=False)
    except KernelDiedError:
        return peers.since_death_ms(path)
    raise AssertionError("it did not die")
