"""`%block` and `%blockrun`: a cell that waits for a person, and with it the cells below.

    %block slider            until its value changes
    %block button -t 60      until it is clicked, for at most a minute
    %block is_filled_in      until the function returns something true
    %blockrun button         until it is clicked; when the cell is run again, it passes through

The cell keeps the kernel's main thread. What a person does is then noticed only where the front end
sends widget messages to a subshell, as JupyterLab does; elsewhere the wait is refused with what to
write instead.
"""

from __future__ import annotations

import math
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ipywidgets
from IPython.core.interactiveshell import InteractiveShell

from nbnodes.errors import UsageError
from nbnodes.views.events import Source, change_of, click_on, label
from nbnodes.views.routes import Routes
from nbnodes.views.waiting import seconds

ASKED_EVERY_S = 0.05
"""How often a function is asked, and how soon at the latest an obstacle is noticed."""


def load(shell: InteractiveShell) -> None:
    """Give a shell the two magics."""
    magics = _Blocking(shell)
    for magic in (magics.block, magics.blockrun):
        shell.magics_manager.register_function(magic, "line", magic.__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """What stands behind a magic.

    Attributes:
        text: The whole of it, for messages.
        name: What to wait for, as an expression.
        timeout_s: How long; None for as long as it takes.
    """

    text: str
    name: str
    timeout_s: float | None


class _Blocking:
    """The magics of one shell."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._clicked: weakref.WeakSet[ipywidgets.Button] = weakref.WeakSet()

    def block(self, line: str) -> None:
        """Wait until a widget changes, a button is clicked or a function returns something true.

        %block NAME [-t SECONDS]
        """
        asked = _parsed("%block", line)
        thing = self._named(asked)
        if isinstance(thing, ipywidgets.Button):
            self._until_event(click_on(thing), asked, f"await nb.wait_for_click({asked.name})")
        elif isinstance(thing, ipywidgets.Widget):
            self._until_event(change_of(thing), asked, f"await nb.wait_for_change({asked.name})")
        elif callable(thing):
            instead = f"while not {asked.name}(): await asyncio.sleep(0.1)"
            missed = f"{asked.name}() returned nothing true"
            self._until(thing, asked, instead=instead, missed=missed, come=threading.Event())
        else:
            raise UsageError(
                f"`{asked.text}` needs the name of a widget with a value, of a button or of a "
                f"function; {asked.name} is {label(thing)}"
            )

    def blockrun(self, line: str) -> None:
        """Wait until a button is clicked; once it was, the cell passes through when it runs again.

        %blockrun BUTTON [-t SECONDS]
        """
        asked = _parsed("%blockrun", line)
        button = self._named(asked)
        source = click_on(button)
        if button not in self._clicked:
            self._until_event(source, asked, f"await nb.wait_for_click({asked.name})")
            self._clicked.add(button)

    def _named(self, asked: _Line) -> Any:
        try:
            return self._shell.ev(asked.name)
        except (AttributeError, NameError, SyntaxError) as error:
            raise UsageError(f"`{asked.text}`: {error}") from error

    def _until_event(self, source: Source, asked: _Line, instead: str) -> None:
        come = threading.Event()
        end = source.begin(lambda _: come.set())
        try:
            self._until(come.is_set, asked, instead=instead, missed=source.missed, come=come)
        finally:
            end()

    def _until(
        self,
        is_met: Callable[[], object],
        asked: _Line,
        *,
        instead: str,
        missed: str,
        come: threading.Event,
    ) -> None:
        """Wait in this thread; an interrupt of the kernel ends it."""
        ends_at = time.monotonic() + (math.inf if asked.timeout_s is None else asked.timeout_s)
        with Routes(getattr(self._shell, "kernel", None)) as routes:
            while not is_met():
                obstacle = routes.obstacle()
                if obstacle:
                    raise UsageError(
                        f"`{asked.text}` would wait for ever, as {obstacle}: write `{instead}`"
                    )
                if time.monotonic() >= ends_at:
                    raise TimeoutError(f"`{asked.text}`: {missed} within {asked.timeout_s:g} s")
                come.wait(ASKED_EVERY_S)


def _parsed(magic: str, line: str) -> _Line:
    """Read `NAME [-t SECONDS]`, in either order."""
    text = f"{magic} {line}".strip()
    names, times = line.split(), []
    while "-t" in names[:-1]:
        at = names.index("-t")
        times.append(names[at + 1])
        del names[at : at + 2]
    try:
        (name,) = names
        timeout_s = seconds(float(times[-1])) if times else None
    except ValueError:
        raise UsageError(f"`{text}` should read `{magic} NAME [-t SECONDS]`") from None
    return _Line(text=text, name=name, timeout_s=timeout_s)
