"""View notebooks and served pages, used as their readers use them, become pictures of the docs.

scripts/screenshots.py FOLDER [NAME ...]
"""

from __future__ import annotations

import io
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "browser"))

from hands import click, enter, node, pick, press, wait_state
from screens import CHROMIUM, WORDS, Lab, Screen, Voila, Watched
from servers import start_lab, start_voila
from serving import MODELS, launched
from story import wait_reason, wait_shown

_WIDTH = 1280
_PATIENCE_MS = 60_000
_COLOURS = 256  # are enough, and make a file a third as large
_MOST_BYTES = 200_000
_FRONTS = {"voila": (Voila, start_voila), "lab": (Lab, start_lab)}
_REST = """() => {
    document.activeElement.blur()
    const cells = document.querySelectorAll('.jp-Notebook .jp-Cell')
    cells[cells.length - 1]?.scrollIntoView({block: 'end'})
}"""
_QUIET = ".Toastify, .jp-toast-container { display: none !important }"


def _oil(page: Page) -> None:
    wait_state(page, "figure", "fresh")
    enter(page, "start", "2001-01-01")  # computed by workers that are warm
    wait_shown(node(page, "prices"), "120 rows")
    wait_state(page, "figure", "fresh")
    page.get_by_role("tab", name="Graph").click()
    expect(page.locator(".nbnodes-graph svg")).to_be_visible()


def _oil_error(page: Page) -> None:
    wait_state(page, "figure", "fresh")
    enter(page, "start", "2015-01-01")
    wait_state(page, "months", "blocked")


def _fibonacci(page: Page) -> None:
    wait_state(page, "remembered", "fresh")
    pick(page, "famous", "the 30th")
    wait_shown(node(page, "remembered"), "832040")
    pick(page, "famous", "the 15th")
    wait_reason(page, "remembered", "remembered")
    for name in ("fork", "kernel", "inprocess"):
        wait_shown(node(page, name), "610")
        wait_state(page, name, "fresh")


def _restified(page: Page) -> None:
    enter(page, "n", "30")
    expect(page.get_by_text("832040", exact=True)).to_have_count(4)
    expect(page.get_by_text(" seconds")).to_have_count(4)


def _asynchronous(page: Page) -> None:
    for label in ("await", "yield"):
        press(page, label, times=2)
    pick(page, "drink", "coffee")
    click(page, "Continue")
    pick(page, "pace", "leisurely")
    press(page, "steps", "End")
    bar = node(page, "patience").get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuenow", re.compile(r"[3-8]\d"))


def _runner(page: Page) -> None:
    wait_shown(page.locator(".widget-output").first, "ababyzyz")
    press(page, "times")
    wait_shown(page.locator(".widget-output").first, "abababyzyzyz")


def _figure(page: Page) -> None:
    fresh = page.locator('[data-card="figure"][data-state="fresh"] img')
    expect(fresh).to_be_visible()  # by workers that were cold
    before = page.locator('[data-card="figure"]').get_attribute("data-key")
    page.get_by_role("spinbutton", name="window").fill("6")
    expect(page.locator(f'[data-card="figure"]:not([data-key="{before}"])')).to_be_visible()
    expect(fresh).to_be_visible()


def _error(page: Page) -> None:
    expect(page.locator('[data-card="prices"][data-state="failed"]')).to_be_visible()


def _docs(page: Page) -> None:
    page.get_by_role("button", name="Try it").first.click()
    expect(page.get_by_text("200 OK").first).to_be_visible()


_PICTURES: dict[str, tuple[str, int, Callable[[Page], None]]] = {
    "oil": ("voila", 1290, _oil),
    "oil_error": ("voila", 914, _oil_error),
    "fibonacci": ("voila", 770, _fibonacci),
    "restified": ("voila", 540, _restified),
    "asynchronous": ("lab", 1010, _asynchronous),
    "runner": ("lab", 1138, _runner),
}
"""For each picture: what shows it, the height of the window, and what is done there."""

_SERVED: dict[str, tuple[str, int, Callable[[Page], None]]] = {
    "figure": ("pages/figure", 0, _figure),
    "error": ("pages/prices?start=2015-01-01", 0, _error),
    "docs": ("docs", 830, _docs),
}
"""For each picture of `nbnodes serve`: its page, the height (0: all of it), what is done there."""


def _main() -> None:
    folder, *wanted = sys.argv[1:]
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as place:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=WORDS)
        _views(browser, Path(place), Path(folder, "views"), wanted)
        _served(browser, Path(place), Path(folder, "served"), wanted)


def _views(browser: Browser, place: Path, folder: Path, wanted: list[str]) -> None:
    for front, (kind, start) in _FRONTS.items():
        names = [name for name, (by, _, _) in _PICTURES.items() if by == front]
        mine = [name for name in names if not wanted or name in wanted]
        if not mine:
            continue
        server = start(Path(tempfile.mkdtemp(dir=place)))
        try:
            for name in mine:
                _, height, do = _PICTURES[name]
                screen = kind(browser, server)
                _write(_taken(screen, name, height, do), folder / f"{name}.png")
                screen.close()
        finally:
            server.stop()


def _served(browser: Browser, place: Path, folder: Path, wanted: list[str]) -> None:
    mine = {name: one for name, one in _SERVED.items() if not wanted or name in wanted}
    if not mine:
        return
    models = shutil.copytree(MODELS, place / "model_notebooks")
    with launched(models, cache=place / "served-cache") as server:
        for name, (address, height, do) in mine.items():
            screen = Watched(browser)
            page = screen.page()
            page.set_viewport_size({"width": _WIDTH, "height": height or 700})
            page.goto(server.url + address)
            do(page)
            page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
            taken = page.screenshot(full_page=not height, animations="disabled")
            _write(taken, folder / f"{name}.png")
            screen.close()


def _taken(screen: Screen, name: str, height: int, do: Callable[[Page], None]) -> bytes:
    notebook = name.partition("_")[0]
    page = screen.open(f"view_notebooks/{notebook}.ipynb")
    page.set_viewport_size({"width": _WIDTH, "height": height})
    page.add_style_tag(content=_QUIET)
    if isinstance(screen, Lab):
        page.evaluate("jupyterapp.commands.execute('application:toggle-left-area')")
    do(page)
    page.evaluate(_REST)
    return page.screenshot(full_page=True, animations="disabled")


def _write(picture: bytes, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.open(io.BytesIO(picture)).convert("RGB").quantize(_COLOURS)
    image.save(path, optimize=True)
    size = path.stat().st_size
    sys.stdout.write(f"{path}  {image.width} x {image.height}  {size / 1000:.0f} kB\n")
    if size > _MOST_BYTES:
        raise SystemExit(f"{path} is larger than {_MOST_BYTES / 1000:.0f} kB")


if __name__ == "__main__":
    _main()
