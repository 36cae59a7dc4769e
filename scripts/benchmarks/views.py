"""How soon a page shows what a slider asks for, beside `ipywidgets.interact` in the same front."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

from benchmarks.contest import Contender, Group, Reading, at_most
from benchmarks.driven import MODEL_S, by_interact, by_nbnodes, by_nbnodes_from_notebook

if TYPE_CHECKING:  # brings a browser, which no other group needs
    from benchmarks.pages import Driving, Room
    from playwright.sync_api import Browser

_PRESSES, _SLOW_PRESSES, _DRAGS = 40, 20, 5
_MOST_RUNS, _MOST_SETTLING_MS, _MOST_STALE_MS = 3, 1.5 * 1000 * MODEL_S, 60
_LOAD = Reading(name="the machine's load", read=lambda: os.getloadavg()[0], unit="jobs")
_OURS, _NOTEBOOK, _THEIRS = "nbnodes", "nbnodes, a notebook", "interact"


def view_groups(folder: str) -> Iterator[Group]:
    """Yield keys, then drags; in JupyterLab, then in Voila."""
    from benchmarks.pages import CHROMIUM, FRONTS, WORDS, Room
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=WORDS)
        for front in FRONTS:
            with Room(front, os.path.join(folder, front)) as room:
                for make in (_keys, _slow_keys, _drags):
                    with ExitStack() as pages:
                        yield make(room, browser, pages)
        browser.close()


def _keys(room: Room, browser: Browser, pages: ExitStack) -> Group:
    """Press a key; go back to what is known already."""
    ours, theirs = (
        room.open(make(room.folder, is_slow=False), browser, pages)
        for make in (by_nbnodes, by_interact)
    )

    def known_ms() -> float:
        seen = ours.press("ArrowLeft")
        ours.press("ArrowRight")
        return seen.output_ms

    return Group(
        name=f"view, {room.front}: from a key to the output, a model of no time",
        contenders=(
            Reading(name=_OURS, read=lambda: ours.press().output_ms),
            Reading(name=f"{_OURS}, known already", read=known_ms),
            Reading(name=_THEIRS, read=lambda: theirs.press().output_ms),
            _LOAD,
        ),
        rounds=_PRESSES,
    )


def _slow_keys(room: Room, browser: Browser, pages: ExitStack) -> Group:
    """Press a key; see when the page says that it is at work, and when it has done it."""
    ours, notebook, theirs = _slow_ones(room, browser, pages)
    goals, stale = [], []
    for name, page in ((_OURS, ours), (_NOTEBOOK, notebook)):
        row = f"{name}: shown as stale"
        stale.append(Reading(name=row, read=lambda page=page: page.press().stale_ms))
        goals.append(at_most(row, _MOST_STALE_MS))
    return Group(
        name=f"view, {room.front}: from a key to the output, a model of {MODEL_S} s",
        contenders=(
            Reading(name=_OURS, read=lambda: ours.press().output_ms),
            Reading(name=_NOTEBOOK, read=lambda: notebook.press().output_ms),
            Reading(name=_THEIRS, read=lambda: theirs.press().output_ms),
            *stale,
            _LOAD,
        ),
        goals=tuple(goals),
        rounds=_SLOW_PRESSES,
    )


def _drags(room: Room, browser: Browser, pages: ExitStack) -> Group:
    """Drag the slider; see when all is shown after it is let go, and how often the model ran."""
    contenders: list[Contender] = []
    names = (_OURS, _NOTEBOOK, _THEIRS)
    for name, page in zip(names, _slow_ones(room, browser, pages), strict=True):
        dragged = _Dragged(page)
        contenders += [
            Reading(name=f"{name}: settled", read=dragged.settled_ms),
            Reading(name=f"{name}: runs", read=dragged.runs, unit="runs"),
        ]
    goals = [
        goal
        for name in (_OURS, _NOTEBOOK)
        for goal in (
            at_most(f"{name}: settled", _MOST_SETTLING_MS),
            at_most(f"{name}: runs", _MOST_RUNS, "runs"),
        )
    ]
    return Group(
        name=f"view, {room.front}: a drag of 60 moves in 3 s, a model of {MODEL_S} s",
        contenders=(*contenders, _LOAD),
        goals=tuple(goals),
        rounds=_DRAGS,
    )


def _slow_ones(room: Room, browser: Browser, pages: ExitStack) -> list[Driving]:
    driven = (
        by_nbnodes(room.folder, is_slow=True),
        by_nbnodes_from_notebook(room.folder),
        by_interact(room.folder, is_slow=True),
    )
    return [room.open(one, browser, pages) for one in driven]


class _Dragged:
    """Two readings of the same drag."""

    def __init__(self, page: Driving) -> None:
        self._page = page
        self._runs = 0

    def settled_ms(self) -> float:
        before = self._page.driven.runs()
        settled_ms = self._page.drag().settled_ms
        self._runs = self._page.driven.runs() - before
        return settled_ms

    def runs(self) -> float:
        return self._runs
