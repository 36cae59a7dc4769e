"""`progress` says how far the work at hand is; who runs the work shows it.

Who that is depends on where it is called: a function on a thread is heard by its Call, a cell by
its engine, and in a kernel the display is the message, whoever runs the kernel. Kept light: a
notebook that says how far it is should not wait for an import.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from operator import length_hint
from typing import Any, Protocol, TypeVar, overload

from nbnodes.engines.reporter import Reporter, current
from nbnodes.engines.said import Said, shown

T = TypeVar("T")

_NUMBERS = (int, float)
_MOST_CELLS = 8  # of a kernel, whose bars may still move: threads outlive their cell


class _Feed(Protocol):
    def feed(self, message_type: str, content: dict[str, Any], /) -> None: ...


@overload
def progress(
    done: float | None = ..., total: float | None = ..., *, note: str = ...
) -> None: ...  # fmt: skip
@overload
def progress(
    done: Iterable[T], total: float | None = ..., *, note: str = ...
) -> Iterator[T]: ...  # fmt: skip
def progress(
    done: float | Iterable[T] | None = None, total: float | None = None, *, note: str = ""
) -> Iterator[T] | None:
    """Say how far the work at hand is: a cell's, or a function's that is a node.

    The bar of the node moves; where a notebook is run by hand, a bar stands below its cell. What is
    said within a loop is about the loop's present step, so nested calls move one bar. To call it
    often costs little. It is no part of the value, the outputs or the cache key.

    Args:
        done: A part of the whole, from 0 to 1; with `total`, how many are done; None if unknown. Or
            what to go through: a bar moves with each step.
        total: How many there are; of what is gone through, its length if it has one.
        note: What the work is about now.

    Returns:
        What to go through, if that was given.

    Raises:
        TypeError: For what is neither a number nor can be gone through.

    >>> [n * n for n in progress(range(3))]
    [0, 1, 4]
    """
    if done is None or type(done) in _NUMBERS or not _is_iterable(done):
        said = _number(done), _number(total), str(note)
        reporter = current.get() or _process.reporter or _of_kernel()
        if reporter is not None:
            reporter.say(*said)
        return None
    return _steps(done, _number(total), str(note))  # type: ignore[arg-type]  # it is iterable


def reporter_of(feed: _Feed) -> Reporter:
    """Make the Reporter of a run whose cells show what they have to say.

    Args:
        feed: Takes what they show, as `nbnodes.engines.outputs.Feed`.
    """

    def publish(bundle: dict[str, Any], display_id: str, *, update: bool) -> None:
        kind = "update_display_data" if update else "display_data"
        transient = {"display_id": display_id}
        feed.feed(kind, {"data": bundle, "metadata": {}, "transient": transient})

    return Reporter(_Display(publish).show)


def hear_process(feed: _Feed) -> Reporter:
    """Hear all that is said in this process, on any thread: it has but one run."""
    _process.reporter = reporter_of(feed)
    return _process.reporter


class _Process:
    reporter: Reporter | None = None


_process = _Process()


class _Publish(Protocol):
    def __call__(self, bundle: dict[str, Any], display_id: str, *, update: bool) -> None: ...


class _Display:
    """A bar below a cell, brought up to date in its place."""

    def __init__(self, publish: _Publish) -> None:
        self._publish = publish
        self._display_id = ""

    def show(self, said: Said, is_first: bool) -> None:
        if is_first:
            self._display_id = f"nbnodes-progress-{os.urandom(8).hex()}"
        self._publish(shown(said), self._display_id, update=not is_first)


def _steps(items: Iterable[T], total: float | None, note: str) -> Iterator[T]:
    total = _length(items) if total is None else total
    reporter = current.get() or _process.reporter or _of_kernel()
    if reporter is not None:
        yield from reporter.loop(items, total, note)
    elif sys.stderr is not None and sys.stderr.isatty():
        from tqdm import tqdm

        yield from tqdm(items, total=total, desc=note or None)
    else:
        yield from items


def _length(items: object) -> int | None:
    try:
        return length_hint(items) or (0 if hasattr(items, "__len__") else None)
    except (OverflowError, TypeError):
        return None


def _is_iterable(given: Any) -> bool:
    return hasattr(given, "__iter__") and getattr(given, "ndim", 1) != 0


def _number(given: Any) -> float | None:
    """Return a number as JSON knows it; None for one that says nothing."""
    if type(given) is int or given is None:
        return given
    try:
        number = float(given)
    except (TypeError, ValueError) as error:
        kind = type(given).__name__
        raise TypeError(f"nb.progress: expected a number or an iterable, not {kind}") from error
    if not math.isfinite(number):
        return None
    return int(number) if type(given) is not float and number.is_integer() else number


# ------------------------------------------------------------ in a kernel

_of_cells: dict[tuple[int, str], Reporter] = {}  # by shell and message: a process has few kernels
_latest: list[tuple[Any, Any]] = [(None, None)]  # the message that was answered, its Reporter


def _of_kernel() -> Reporter | None:
    """Return the Reporter of the cell that a kernel runs in this thread; None without a kernel."""
    home = sys.modules.get("IPython.core.interactiveshell")
    shell = getattr(home, "InteractiveShell", None)
    shell = shell and shell._instance  # noqa: SLF001  # asking for it would make one
    if shell is None or type(shell).__name__ == "TerminalInteractiveShell":
        return None
    parent = _parent(shell)
    answered, reporter = _latest[0]
    if parent is answered and reporter is not None:
        return reporter  # type: ignore[no-any-return]  # there is no telling a tuple's types
    key = id(shell), str((parent or {}).get("header", {}).get("msg_id", ""))
    reporter = _of_cells.get(key)
    if reporter is None:
        reporter = Reporter(_Display(partial(_publish, shell)).show)
        _of_cells[key] = reporter
        while len(_of_cells) > _MOST_CELLS:
            del _of_cells[next(iter(_of_cells))]
        shell.events.register("post_run_cell", _flush)
    _latest[0] = parent, reporter
    return reporter


def _parent(shell: Any) -> Any:
    """Return the message that a kernel answers in this thread; None if there is no telling."""
    get_parent = getattr(shell, "get_parent", None)
    return get_parent() if get_parent else None


def _publish(shell: Any, bundle: dict[str, Any], display_id: str, *, update: bool) -> None:
    transient = {"display_id": display_id}
    shell.display_pub.publish(data=bundle, metadata={}, transient=transient, update=update)


def _flush(*_: object) -> None:
    for reporter in list(_of_cells.values()):
        reporter.flush()
