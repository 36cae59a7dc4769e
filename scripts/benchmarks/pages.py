"""A notebook on a page: keys and a mouse go in, the moments come out at which it shows something.

All times are the page's own, from the event that the browser gets to the frame that is painted.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

from benchmarks.driven import LABEL, MARKER, MIDDLE, Driven
from playwright.sync_api import Browser, Page

sys.path.append(os.path.join(os.path.dirname(__file__), "..", "..", "tests", "browser"))
from hands import control, marked, readout  # where they are is told above
from screens import CHROMIUM, WORDS, Lab, Screen, Voila
from servers import TOKEN, Server, start_lab, start_voila

__all__ = ["CHROMIUM", "FRONTS", "WORDS", "Driving", "Room", "Seen"]

FRONTS = {"JupyterLab": (start_lab, Lab), "Voila": (start_voila, Voila)}

_FOLDER = "driven"
_REST_MS = 150  # before anything is done: what was done before has ended
_MOVES, _DRAG_S = 60, 3.0
_WAY = 0.8  # of the slider's length, that a drag goes
_WATCH = """marker => {
    const look = () => {
        const card = document.querySelector('.nbnodes-node')
        return JSON.stringify({
            text: document.querySelector(`[data-marker="${marker}"]`)?.textContent ?? '',
            state: [...card?.classList ?? []].find(one => one.startsWith('nbnodes-is-')) ?? '',
            told: card?.querySelector('[data-state]')?.dataset.state ?? '',
        })
    }
    let last = look(), log = [], hear = () => {}
    new MutationObserver(() => {
        const now = look()
        if (now === last) return
        last = now
        requestAnimationFrame(at => {
            log.push({at: performance.now(), ...JSON.parse(now)})
            hear()
        })
    }).observe(document.body, {
        subtree: true, childList: true, characterData: true,
        attributes: true, attributeFilter: ['class', 'data-state'],
    })
    for (const event of ['keydown', 'mouseup'])
        addEventListener(event, () => log.push({at: performance.now(), event}), true)
    window.watched = {
        begin() { log = [] },
        until: goal => new Promise((resolve, reject) => {
            const timer = setTimeout(() => reject(new Error(`still ${last}`)), 30000)
            hear = () => {
                const now = log.at(-1) ?? {}
                if (!Object.keys(goal).every(key => now[key] === goal[key])) return
                clearTimeout(timer)
                resolve(log)
            }
            hear()
        }),
    }
}"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page showed after something was done.

    Attributes:
        log: Each event and each change, in order, with its time in ms.
        text: What was shown at last.
    """

    log: list[dict[str, Any]]
    text: str

    @property
    def output_ms(self) -> float:
        """How long it took until the right output was there."""
        return self._after(next(one["at"] for one in self.log if one.get("text") == self.text))

    @property
    def settled_ms(self) -> float:
        """How long it took until nothing changed any more."""
        return self._after(self.log[-1]["at"])

    @property
    def stale_ms(self) -> float:
        """How long it took until the node's card said that what it shows is old.

        Raises:
            LookupError: If it never did.
        """
        for one in self.log:
            if one.get("state", "nbnodes-is-fresh") != "nbnodes-is-fresh":
                return self._after(one["at"])
        raise LookupError("it was never shown as stale")

    def _after(self, at: float) -> float:
        return float(at) - max(float(one["at"]) for one in self.log if "event" in one)


class Driving:
    """A page with a slider that drives a model; opened when it is first used.

    Args:
        screen: Shows it.
        driven: The notebook.
    """

    def __init__(self, screen: Screen, driven: Driven) -> None:
        self.driven = driven
        self._screen = screen
        self._number = MIDDLE
        self._drags = 0

    @cached_property
    def _page(self) -> Page:
        page = self._screen.open(f"{_FOLDER}/{os.path.basename(self.driven.path)}")
        marked(page, MARKER).wait_for()
        page.evaluate(_WATCH, MARKER)
        return page

    @cached_property
    def _has_card(self) -> bool:
        return self._page.locator(".nbnodes-node").count() > 0

    def press(self, key: Literal["ArrowLeft", "ArrowRight"] = "ArrowRight") -> Seen:
        """Move the slider by one with a key."""
        self._page.bring_to_front()
        control(self._page, LABEL).locator(".noUi-handle").focus()
        self._begin()
        self._page.keyboard.press(key)
        self._number += 1 if key == "ArrowRight" else -1
        return self._seen(str(self._number))

    def drag(self) -> Seen:
        """Drag the slider there and, the next time, back; to a place where it never stood."""
        self._page.bring_to_front()
        row = control(self._page, LABEL)
        handle = row.locator(".noUi-handle").bounding_box()
        base = row.locator(".noUi-base").bounding_box()
        assert handle is not None  # noqa: S101  # it is on the page
        assert base is not None  # noqa: S101  # as is this
        self._drags += 1
        left = (1 - _WAY) / 2 * base["width"] + self._drags
        begin = handle["x"] + handle["width"] / 2
        end = base["x"] + (left if self._drags % 2 else base["width"] - left)
        height = base["y"] + base["height"] / 2
        mouse = self._page.mouse
        mouse.move(begin, height)
        mouse.down()
        self._begin()
        began_at = time.monotonic()
        for count in range(1, _MOVES + 1):
            mouse.move(begin + (end - begin) * count / _MOVES, height)
            left_s = began_at + _DRAG_S * count / _MOVES - time.monotonic()
            self._page.wait_for_timeout(max(0.0, 1000 * left_s))
        mouse.up()
        self._number = int(readout(self._page, LABEL).inner_text())
        return self._seen(str(self._number))

    def _begin(self) -> None:
        self._page.wait_for_timeout(_REST_MS)
        self._page.evaluate("watched.begin()")

    def _seen(self, text: str) -> Seen:
        fresh = {"state": "nbnodes-is-fresh", "told": "fresh"} if self._has_card else {}
        log = self._page.evaluate("goal => watched.until(goal)", {"text": text, **fresh})
        return Seen(log, text)


class Room:
    """JupyterLab or Voila, which serves notebooks.

    Args:
        front: Which.
        folder: A folder of its own, to be made.

    Attributes:
        folder: The one that it serves.
    """

    def __init__(self, front: str, folder: str) -> None:
        start, self._screen = FRONTS[front]
        os.mkdir(folder)
        started = start(Path(folder))
        self._server = _Serving(**{one.name: getattr(started, one.name) for one in fields(started)})
        self.front = front
        self.folder = os.path.join(self._server.folder, _FOLDER)
        os.mkdir(self.folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def address(self, driven: Driven) -> str:
        """Return where Voila shows a notebook of the folder."""
        name = os.path.basename(driven.path)
        return f"{self._server.url}/voila/render/{_FOLDER}/{name}?token={TOKEN}"

    def open(self, driven: Driven, browser: Browser, stack: ExitStack) -> Driving:
        """Show a notebook of the folder until the stack is closed."""
        screen = self._screen(browser, self._server)
        stack.callback(_leave, screen)
        return Driving(screen, driven)


class _Serving(Server):
    """A server of notebooks that are nobody's copies."""

    def restore(self, notebook: str) -> None:
        """Leave it as it is."""


def _leave(screen: Screen) -> None:
    with suppress(AssertionError):  # what went wrong on a page is for tests to tell
        screen.close()
