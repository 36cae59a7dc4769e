"""Pages of `nbnodes serve` beside those of Voila and Panel: how soon they show something."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from benchmarks import notebooks
from benchmarks.contest import Contender, Group, Reading, at_most
from benchmarks.driven import LABEL, MARKER, MODEL_S, by_interact
from benchmarks.listening import ours, panel

_LOADS, _PRESSES, _DRAGS = 5, 40, 5
_FIRST_MS, _KNOWN_MS = 400, 25
_MOST_RUNS, _MOST_SETTLING_MS = 3, 1.5 * 1000 * MODEL_S
_OURS, _VOILA, _PANEL = "nbnodes serve", "Voila", "Panel"
_MIDDLE, _MOST = 500, 999  # more places are typed, not slid
_SAY = f"f'<span data-marker=\"{MARKER}\">{{{LABEL}}}</span>'"
_BOUNDS = f"Annotated[int, Field(ge=0, le={_MOST})]"
_PROGRAM = f"""\
import panel as pn
pn.extension()
slider = pn.widgets.IntSlider(name="{LABEL}", start=0, end={_MOST}, value={_MIDDLE})
pn.Column(slider, pn.bind(lambda {LABEL}: pn.pane.HTML({_SAY}), slider)).servable()
"""
_OUR_NUMBER = "() => document.querySelector('input[type=number]').value"
_PANEL_NUMBER = """() => {
    const inside = root => root.querySelector('.noUi-handle') ?? [...root.querySelectorAll('*')]
        .filter(one => one.shadowRoot).map(one => inside(one.shadowRoot)).find(one => one)
    return String(Math.round(Number(inside(document).ariaValueNow)))
}"""
_VOILA_NUMBER = "() => document.querySelector('.widget-readout').textContent"


def front_groups(folder: str) -> Iterator[Group]:
    """Yield first outputs, keys, drags."""
    from benchmarks.pages import CHROMIUM, WORDS
    from playwright.sync_api import sync_playwright

    with ExitStack() as stack:
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=WORDS)
        fronts = _Fronts(folder, browser, stack)
        yield _first(fronts)
        yield _keys(fronts)
        yield _drags(fronts)
        browser.close()


@dataclass(slots=True, kw_only=True)
class _Last:
    """A reading that is told of something read before."""

    value: float = field(default=0.0)

    def read(self) -> float:
        return self.value


class _Fronts:
    """Pages, each opened when it is first asked for."""

    def __init__(self, folder: str, browser: Any, stack: ExitStack) -> None:
        self._folder, self._browser, self._stack = folder, browser, stack
        self.quick = cache(lambda: self._served("quick", ""))
        self.slow = cache(lambda: self._served("slow", f"time.sleep({MODEL_S})"))
        self.voila = cache(self._in_voila)
        self.panel = cache(self._in_panel)

    def _served(self, name: str, work: str) -> Any:
        from benchmarks.served_pages import OURS, Sliding

        log = os.path.join(self._folder, f"{name}.log")
        begun = f'with open({log!r}, "a") as log:\n    print({LABEL}, file=log)\n{work}'
        cells = (
            ("", "import time\nfrom typing import Annotated\nfrom IPython.display import HTML"),
            ("", "from pydantic import Field"),
            ("parameters", f"{LABEL}: {_BOUNDS} = {_MIDDLE}"),
            ("", begun),
            ("return", f"HTML({_SAY})"),
        )
        path = notebooks.write(self._folder, name, cells)
        cached = os.path.join(self._folder, f"{name}_cache")
        probe = f"/api/models/{name}/run?format=html"
        server = self._stack.enter_context(ours(path, cache=cached, probe=probe))
        url = f"{server.url}/pages/{name}"
        return Sliding(self._browser, url, OURS, lambda page: page.evaluate(_OUR_NUMBER), log)

    def _in_voila(self) -> Any:
        from benchmarks.pages import Room
        from benchmarks.served_pages import THEIRS, Sliding

        room = self._stack.enter_context(Room("Voila", os.path.join(self._folder, "voila")))
        url = room.address(by_interact(room.folder, is_slow=False))
        return Sliding(self._browser, url, THEIRS, lambda page: page.evaluate(_VOILA_NUMBER))

    def _in_panel(self) -> Any:
        from benchmarks.served_pages import THEIRS, Sliding

        server = self._stack.enter_context(panel(self._folder, _PROGRAM))
        url = f"{server.url}/program"
        return Sliding(self._browser, url, THEIRS, lambda page: page.evaluate(_PANEL_NUMBER))


def _first(fronts: _Fronts) -> Group:
    return Group(
        name="serve, pages: from the navigation to the first output, known already",
        contenders=tuple(
            Reading(name=name, read=lambda page=page: page().first_ms())
            for name, page in _beside(fronts)
        ),
        goals=(at_most(_OURS, _FIRST_MS),),
        rounds=_LOADS,
    )


def _keys(fronts: _Fronts) -> Group:
    known = f"{_OURS}, known already"

    def known_ms() -> float:
        moved = fronts.quick().press("ArrowLeft")
        fronts.quick().press("ArrowRight")
        return float(moved.output_ms)

    return Group(
        name="serve, pages: from a key to the output, a model of no time",
        contenders=(
            Reading(name=known, read=known_ms),
            *(
                Reading(name=name, read=lambda page=page: page().press().output_ms)
                for name, page in _beside(fronts)
            ),
        ),
        goals=(at_most(known, _KNOWN_MS),),
        rounds=_PRESSES,
    )


def _drags(fronts: _Fronts) -> Group:
    runs = _Last()

    def settled_ms() -> float:
        page = fronts.slow()
        before = page.runs()
        settled = float(page.drag().settled_ms)
        runs.value = page.runs() - before
        return settled

    names = f"{_OURS}: settled", f"{_OURS}: runs"
    contenders: tuple[Contender, ...] = (
        Reading(name=names[0], read=settled_ms),
        Reading(name=names[1], read=runs.read, unit="runs"),
    )
    return Group(
        name=f"serve, pages: a drag of 60 moves in 3 s, a model of {MODEL_S} s",
        contenders=contenders,
        goals=(at_most(names[0], _MOST_SETTLING_MS), at_most(names[1], _MOST_RUNS, "runs")),
        rounds=_DRAGS,
    )


def _beside(fronts: _Fronts) -> tuple[tuple[str, Callable[[], Any]], ...]:
    return ((_OURS, fronts.quick), (_VOILA, fronts.voila), (_PANEL, fronts.panel))
