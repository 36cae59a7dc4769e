"""How far a run is becomes a bar on a terminal; elsewhere nothing."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

_TICK_S = 0.5  # how often a bar's clock is redrawn


@contextmanager
def progress_bar(name: str, unit: str, *, quiet: bool) -> Iterator[Callable[..., None]]:
    """Give a function that shows how far it is; its first call shows a bar.

    The function takes how many are done and of how many, a note, and `part`: how much of the next
    ones is done, which moves the bar, too.

    Args:
        name: What runs.
        unit: What is counted.
        quiet: Whether nothing is shown.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda _done, _total, _note="", part=0.0: None  # noqa: ARG005  # as `show` below
        return
    with ExitStack() as stack:
        bar: list[Any] = []

        def show(done: int, total: int, note: str = "", part: float = 0.0) -> None:
            if not bar:
                bar.append(stack.enter_context(_open_bar(name, total)))
            bar[0].n, bar[0].total = min(done + part, total), total
            bar[0].set_description_str(f"{name}: {done}/{total} {unit}", refresh=False)
            bar[0].set_postfix_str(note)  # draws it, too

        yield show


@contextmanager
def _open_bar(name: str, total: int) -> Iterator[Any]:
    """Open a bar whose clock goes on while a cell takes its time."""
    from tqdm import tqdm

    shape = "{desc} |{bar}| {elapsed}{postfix}"
    ended = threading.Event()
    with tqdm(
        desc=name,
        total=total,
        leave=False,
        bar_format=shape,
        mininterval=0,
        miniters=1,
        ncols=72,
        nrows=2,  # some terminals say that they have none, and would show nothing
    ) as bar:

        def tick() -> None:
            while not ended.wait(_TICK_S):
                bar.refresh()

        ticker = threading.Thread(target=tick, name="nbnodes-progress", daemon=True)
        ticker.start()
        try:
            yield bar
        finally:
            ended.set()
            ticker.join()
