"""A generator function that goes on with each event: its `yield` gives what came.

    @yield_for_change(slider, "value")
    def work():
        for step in range(10):
            value = yield

Calling it runs it up to its first `yield`. From there on it runs where the events come: on
whatever thread that is, one event after the other, and as part of the cell that started it, so
that what it prints stands below that cell.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections import deque
from collections.abc import Callable, Generator
from contextvars import copy_context
from typing import Any, Generic, ParamSpec, TypeAlias

from nbnodes.engines.own_shell import own_shell
from nbnodes.errors import UsageError
from nbnodes.views.events import Source, Subscribe, change_of, click_on, event_of, label

P = ParamSpec("P")
Paused: TypeAlias = Generator[object, Any, object]


def yield_for_change(
    widget: object, trait: str = "value"
) -> Callable[[Callable[P, Paused]], Continued[P]]:
    """Decorate a generator function: each `yield` waits for a change and gives the new value.

    Raises:
        UsageError: There is no such trait.
    """
    return functools.partial(Continued, change_of(widget, trait))


def yield_for_click(button: object) -> Callable[[Callable[P, Paused]], Continued[P]]:
    """Decorate a generator function: each `yield` waits for a click and gives the Button.

    Raises:
        UsageError: This is no Button.
    """
    return functools.partial(Continued, click_on(button))


def yield_for_event(subscribe: Subscribe) -> Callable[[Callable[P, Paused]], Continued[P]]:
    """Decorate a generator function: each `yield` waits for an event of `wait_for_event`'s kind.

    Raises:
        UsageError: This is no function.
    """
    return functools.partial(Continued, event_of(subscribe))


class Continued(Generic[P]):
    """The decorated function: a call starts it; `close` ends all that were started."""

    def __init__(self, source: Source, function: Callable[P, Paused]) -> None:
        if not inspect.isgeneratorfunction(function):
            raise UsageError(
                f"{label(function)} {getattr(function, '__name__', '')} is no generator function: "
                "it needs a `yield` where it is to wait"
            )
        functools.update_wrapper(self, function)
        self._source = source
        self._function = function
        self._runs: list[_Run] = []

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Run up to the first `yield`; what is raised there, is raised here."""
        self._runs = [run for run in self._runs if not run.is_over]
        run = _Run(self._function(*args, **kwargs))
        self._runs.append(run)
        run.start(self._source)

    def close(self) -> None:
        """End every run of it where it waits, as a generator's `close` does."""
        for run in self._runs:
            run.close()


class _Run:
    """One generator and the events that it has not had yet.

    An event may come while the generator runs: from another thread, or because the generator
    itself made it. Whoever runs it takes those that came meanwhile, too.
    """

    def __init__(self, generator: Paused) -> None:
        self.is_over = False
        self._generator = generator
        self._steps: deque[Callable[[], object]] = deque()
        self._turn = threading.Lock()
        self._context = copy_context()
        self._ends: list[Callable[[], object]] = []

    def start(self, source: Source) -> None:
        """Observe, then run to the first `yield`: an event that comes on the way is not lost."""
        self._steps.append(functools.partial(next, self._generator))
        with self._turn:
            self._ends.append(source.begin(self._event))
            self._step()
        self._run()

    def close(self) -> None:
        """End the generator at its `yield`; at its next one if it runs just now."""
        self._steps.append(self._close)
        self._run()

    def _event(self, value: object) -> None:
        self._steps.append(functools.partial(self._generator.send, value))
        self._run()

    def _run(self) -> None:
        while self._steps and self._turn.acquire(blocking=False):
            try:
                while self._steps:
                    self._step()
            finally:
                self._turn.release()

    def _step(self) -> None:
        """Go on to the next `yield`."""
        step = self._steps.popleft()
        if self.is_over:
            return
        try:
            self._context.run(step)
        except StopIteration:
            self._end()
        except BaseException as error:
            self._end()
            self._show(error)
            raise

    def _close(self) -> None:
        self._generator.close()
        self._end()

    def _end(self) -> None:
        self.is_over = True
        while self._ends:
            self._ends.pop()()

    def _show(self, error: BaseException) -> None:
        """Show an error below the cell that started the generator, if another one is running.

        Raised alone, it would be seen where the change was made: for a change by a person that is
        nowhere but in a log.
        """
        shell = own_shell()
        cell = getattr(shell, "get_parent", None)
        if cell is not None and self._context.run(cell) != cell():
            below = error.__traceback__ and error.__traceback__.tb_next  # the cell's own lines
            shown = (type(error), error, below or error.__traceback__)
            self._context.run(shell.showtraceback, exc_tuple=shown)
