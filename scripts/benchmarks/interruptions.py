"""How soon a worker computes again after a run that a change has made useless."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, Self

from benchmarks import notebooks
from benchmarks.contest import Group, Reading, percentile_at_most

_MOST_MS = 250
_TIMES = 30
_UNDER_WAY_S = 0.05  # after it is said to run
_BEGIN_S = 30.0
_ROW = "from the change to the next run"
_CELLS_BEFORE = 2
_BODIES = {
    "Python loop": ("import time", "while True: pass"),
    "sleep": ("import time", "time.sleep(5)"),
    "numpy loop": ("import time, numpy; a = numpy.ones((300, 300))", "while True: a = a @ a % 7"),
}
"""What goes before, and what goes on for long."""


def interruption_groups(folder: str) -> Iterator[Group]:
    """Yield what is stopped: functions on threads, then notebooks in processes."""
    import nbnodes as nb

    with ExitStack() as stack:
        session = stack.enter_context(nb.Session(cache=":memory:"))
        for title, bodies in (
            ("a function on a thread", _functions()),
            ("a notebook, forked", _notebooks(folder)),
        ):
            for name, body in bodies.items():
                work = stack.enter_context(_Work(session, body))
                yield Group(
                    name=f"interruption, {title}: {name}",
                    contenders=(Reading(name=_ROW, read=work.ms),),
                    goals=(percentile_at_most(_ROW, 95, _MOST_MS),),
                    rounds=_TIMES,
                )


class _Work:
    """A graph of one node, with one worker: an odd turn goes on for long."""

    def __init__(self, session: Any, body: Any) -> None:
        import nbnodes as nb

        self._has_cells = isinstance(body, str)
        self._graph = nb.Graph([nb.Node(body, name="work")], session=session, workers=1)
        self._turn = 0

    def __enter__(self) -> Self:
        self._graph.set(turn=self._turn)
        self._graph.watch()
        self._graph.settle(_BEGIN_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._graph.close()

    def ms(self) -> float:
        """Begin a long run, make it useless, and see when the next one begins to compute."""
        is_running = threading.Event()
        forget = self._graph.subscribe(lambda notice: self._note(notice, is_running))
        self._turn += 1
        self._graph.set(turn=self._turn)
        if not is_running.wait(_BEGIN_S):
            raise AssertionError("it did not begin")
        forget()
        time.sleep(_UNDER_WAY_S)
        self._turn += 1
        begun = time.monotonic()
        self._graph.set(turn=self._turn)
        shown = self._graph.settle(_BEGIN_S).results["work"]
        return 1000 * (float(shown.value) - begun)

    def _note(self, notice: Any, is_running: threading.Event) -> None:
        """See that the long part is next: the cells before it have ended, or there are no cells."""
        from nbnodes.live.notices import GraphProgress

        if isinstance(notice, GraphProgress) and "work" in notice.running:
            cells_done, _ = notice.running["work"]
            if cells_done >= _CELLS_BEFORE or not self._has_cells:
                is_running.set()


def _functions() -> dict[str, Callable[[int], float]]:
    found = {}
    for name, (before, body) in _BODIES.items():
        names: dict[str, Any] = {}
        source = f"def work(turn):\n {before}\n if turn % 2:\n  {body}\n return time.monotonic()"
        exec(source, names)  # noqa: S102  # our own words
        found[name] = names["work"]
    return found


def _notebooks(folder: str) -> dict[str, str]:
    found = {}
    for name, (before, body) in _BODIES.items():
        cells = (
            ("", before),
            ("parameters", "turn = 0"),
            ("", f"if turn % 2:\n    {body}"),
            ("return", "time.monotonic()"),
        )
        found[name] = notebooks.write(folder, name.replace(" ", "_"), cells)
    return found
