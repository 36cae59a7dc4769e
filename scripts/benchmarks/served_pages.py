"""A page with a slider in a browser: a key or the mouse goes in, what it shows comes out, timed.

All times are the page's own: from the event that the browser gets, or from the navigation, to the
frame in which the output stands. A frame is asked for only once there is something new: while one
is pending, Chromium lets all that servers send wait, and a page would be as slow as it is watched.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from benchmarks.driven import MARKER
from playwright.sync_api import Browser, Locator, Page

OURS, THEIRS = "input[type=range]", ".noUi-handle"
"""What is moved on a page of ours, and what by those that draw sliders of their own."""

_REST_MS = 150  # before anything is done: what was done before has ended
_MOVES, _DRAG_S = 60, 3.0
_WAY = 0.8  # of the slider's length, that a drag goes
_PATIENCE_MS = 60_000
_POLL_MS = 20  # not at each frame, see above
_WATCH = """(() => {
    const marker = '[data-marker="MARKER"]'
    const inside = root => root.querySelector(marker) ?? [...root.querySelectorAll('*')]
        .filter(one => one.shadowRoot).map(one => inside(follow(one.shadowRoot))).find(one => one)
    let kept, last = '', log = []
    const what = {subtree: true, childList: true, characterData: true, attributes: true}
    const follow = root => { observer.observe(root, what); return root }
    const look = () => {
        if (!kept?.isConnected) kept = document.body && inside(document)
        const state = document.querySelector('[data-card]')?.dataset.state ?? ''
        const now = JSON.stringify({text: kept?.textContent ?? '', state})
        if (now === last) return
        last = now
        requestAnimationFrame(() => log.push({at: performance.now(), ...JSON.parse(now)}))
    }
    const observer = new MutationObserver(look)
    follow(document)
    for (const event of ['keydown', 'pointerup'])
        addEventListener(event, () => log.push({at: performance.now(), event}), true)
    window.watched = {begin() { log = [] }, log: () => log}
})()""".replace("MARKER", MARKER)
_SHOWS = """([text, states]) => {
    const now = watched.log().at(-1) ?? {}
    return now.text === text && states.includes(now.state) && watched.log()
}"""
_FRESH = ["fresh", ""]  # the latter: a page that shows no states


@dataclass(frozen=True, slots=True)
class Move:
    """What came of a key or a drag.

    Attributes:
        output_ms: How long it took until the right output was there.
        settled_ms: How long it took until nothing changed any more.
    """

    output_ms: float
    settled_ms: float


class Sliding:
    """A page with one slider; opened when it is first used.

    Args:
        browser: Shows it.
        url: Its address.
        slider: What is moved: `OURS` or `THEIRS`.
        number: Reads which number the slider says.
        log: A file to which the model adds a line at the beginning of each run.
    """

    def __init__(
        self, browser: Browser, url: str, slider: str, number: Callable[[Page], str], log: str = ""
    ) -> None:
        self._browser, self._url = browser, url
        self._slider, self._number, self._log = slider, number, log
        self._drags = 0

    def first_ms(self) -> float:
        """Load the page anew, in a browser that has never seen it; see when it shows an output."""
        context = self._browser.new_context()
        context.add_init_script(_WATCH)
        page = context.new_page()
        page.goto(self._url, wait_until="commit")
        found: Any = page.wait_for_function(
            "() => window.watched?.log().find(one => one.text)",
            timeout=_PATIENCE_MS,
            polling=_POLL_MS,
        ).json_value()
        context.close()
        return float(found["at"])

    def press(self, key: Literal["ArrowLeft", "ArrowRight"] = "ArrowRight") -> Move:
        """Move the slider by one with a key."""
        self._page.bring_to_front()
        self._handle.focus()
        self._begin()
        self._page.keyboard.press(key)
        return self._moved()

    def drag(self) -> Move:
        """Drag the slider there and, the next time, back; to a place where it never stood."""
        self._page.bring_to_front()
        self._drags += 1
        track = self._handle if self._slider == OURS else self._page.locator(".noUi-base")
        box = track.bounding_box()
        assert box is not None  # noqa: S101  # it is on the page
        margin = (1 - _WAY) / 2 * box["width"] + self._drags
        end = box["x"] + (margin if self._drags % 2 else box["width"] - margin)
        begin = box["x"] + (box["width"] - margin if self._drags % 2 else margin)
        height = box["y"] + box["height"] / 2
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
        return self._moved()

    def runs(self) -> int:
        """Count the runs of the model that have begun."""
        if not os.path.exists(self._log):
            return 0
        with open(self._log, encoding="utf-8") as file:
            return len(file.readlines())

    @cached_property
    def _page(self) -> Page:
        page = self._browser.new_page()
        page.set_default_timeout(_PATIENCE_MS)
        page.add_init_script(_WATCH)
        page.goto(self._url)
        page.wait_for_function("() => watched.log().at(-1)?.text", polling=_POLL_MS)
        return page

    @property
    def _handle(self) -> Locator:
        return self._page.locator(self._slider).first

    def _begin(self) -> None:
        self._page.wait_for_timeout(_REST_MS)
        self._page.evaluate("watched.begin()")

    def _moved(self) -> Move:
        text = self._number(self._page)
        shown = self._page.wait_for_function(_SHOWS, arg=[text, _FRESH], polling=_POLL_MS)
        log: Any = shown.json_value()
        began_ms = max(one["at"] for one in log if "event" in one)
        output_ms = next(one["at"] for one in log if one.get("text") == text) - began_ms
        return Move(output_ms, log[-1]["at"] - began_ms)
