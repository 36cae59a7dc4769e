"""The view notebooks, used as their readers use them, become the pictures of docs/views.md.

scripts/screenshots.py FOLDER [NAME ...]
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "browser"))

from hands import click, enter, node, pick, press, wait_state
from screens import CHROMIUM, WORDS, Lab, Screen, Voila
from servers import start_lab, start_voila
from story import wait_reason, wait_shown

_WIDTH = 1280
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


_PICTURES: dict[str, tuple[str, int, Callable[[Page], None]]] = {
    "oil": ("voila", 1290, _oil),
    "oil_error": ("voila", 914, _oil_error),
    "fibonacci": ("voila", 770, _fibonacci),
    "restified": ("voila", 540, _restified),
    "asynchronous": ("lab", 1010, _asynchronous),
    "runner": ("lab", 1138, _runner),
}
"""For each picture: what shows it, the height of the window, and what is done there."""


def _main() -> None:
    folder, *wanted = sys.argv[1:]
    Path(folder).mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as place:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=WORDS)
        for front, (kind, start) in _FRONTS.items():
            server = start(Path(tempfile.mkdtemp(dir=place)))
            try:
                for name, (shown_by, height, do) in _PICTURES.items():
                    if shown_by == front and (not wanted or name in wanted):
                        screen = kind(browser, server)
                        _write(_taken(screen, name, height, do), Path(folder, f"{name}.png"))
                        screen.close()
            finally:
                server.stop()


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
    image = Image.open(io.BytesIO(picture)).convert("RGB").quantize(_COLOURS)
    image.save(path, optimize=True)
    size = path.stat().st_size
    sys.stdout.write(f"{path}  {image.width} x {image.height}  {size / 1000:.0f} kB\n")
    if size > _MOST_BYTES:
        raise SystemExit(f"{path} is larger than {_MOST_BYTES / 1000:.0f} kB")


if __name__ == "__main__":
    _main()
