"""A server and a browser become pages of `nbnodes serve`, which tests watch and use."""

from __future__ import annotations

import os
from pathlib import Path

from notebooks import markdown, write_notebook
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from screens import PATIENCE_MS, Watched
from serving import Served

_TYPES = """\
import datetime as dt
from typing import Literal
from IPython.display import HTML, JSON, SVG, Markdown, display
colour: Literal["red", "green"] = "red"  # of the circle
day: dt.date = dt.date(2024, 1, 2)
names: list[str] = ["a", "b"]
ratio: float = 0.5  # 0..1 step 0.1: a ratio
count: int | None = None  # 1..9
flag: bool = True"""
_EDGES = """\
import datetime as dt
n: int = 5
big: int = 12345678901234567890
day: dt.date = dt.date(2020, 1, 1)  # 2000-01-01..2030-12-31
other: dt.date = dt.date(2020, 1, 1)
fine: dt.datetime = dt.datetime(2020, 1, 1, 12, 30, 15, 123456)
marks: list[int] = [1, 2]"""
_PROSE = r"display(Markdown('**bold** and $\\frac{a}{b}$'))"
_SCRIPT = """\
display(HTML('''<p id="x">script did not run</p><button id="b">more</button><script>
const x = document.getElementById("x");
x.textContent = "script ran";
document.getElementById("b").onclick = () => { x.textContent += ", again"; };
</script>'''))"""
_CURIOUS = """from IPython.display import HTML
HTML('''<p id="x"></p><script>
const x = document.getElementById("x");
fetch("http://127.0.0.1/").then(() => {}, () => { x.textContent += ", fetched nothing"; });
try { parent.document; } catch { x.textContent += ", alone"; }
</script>''')"""
_PICTURE = """\
import base64
from IPython.display import Image
dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
dot += "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
display(Image(data=base64.b64decode(dot), width=40, height=40, alt="a dot"))"""
_CIRCLE = """\
circle = f'<circle id="dot" cx="50" cy="25" r="20" fill="{colour}"/>'
begin = '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="50">'
display(SVG(data=f"{begin}{circle}</svg>"))"""
_FRAME = "import pandas as pd\ntable = pd.DataFrame({'x': range(rows), 'y': ['a'] * rows})"
_NOTES = "_ = open('runs.txt', 'a').write(f'{n}\\n')"
_WAITS = "import os, time\nwhile not os.path.exists(f'go-{n}'):\n    time.sleep(0.01)"


def write_oddities(folder: Path) -> Path:
    """Write notebooks that show, do and refuse all sorts of things."""
    whole = ("n: int = 3  # 0..100: a number", "parameters")
    double = ("2 * n", "return")

    def write(name: str, *cells: str | tuple[str, ...]) -> None:
        write_notebook(folder / f"{name}.ipynb", markdown(f"# The {name}\n\nOf $n$."), *cells)

    write("noted", whole, _NOTES, double)
    write("slow", whole, "import time\n" + _NOTES + "\ntime.sleep(0.3)", double)
    write("gated", whole, "x = 1", _WAITS, double)
    write("broken", ("n: int = 0  # 0..5", "parameters"), "x = 1\n\ny = x / n", ("y", "return"))
    write(
        "dying", ("n: int = 0  # 0..5", "parameters"), "import os\nif n == 0: os._exit(3)", double
    )
    pattern = "from typing import Annotated\nfrom pydantic import Field\n"
    pattern += "word: Annotated[str, Field(pattern='^a')] = 'abc'\nn: int = 3  # 0..100"
    write("picky", (pattern, "parameters"), ("word + str(n)", "return"))
    write("tabular", ("rows: int = 3  # 1..1000", "parameters"), _FRAME, ("table", "return"))
    write("curious", _CURIOUS)
    edges = "(n, big, str(day), str(other), marks, fine.microsecond)"
    write("edges", (_EDGES, "parameters"), (edges, "return"))
    write("curt", ("n: int = 1\nformat: str = 'x'\ntoken: str = 'y'", "parameters"), double)
    write("plain", "a = 3", "print('a is', a)\na * 2")
    write(
        "rich",
        (_TYPES, "parameters"),
        (_PROSE, "tab:Text"),
        (_SCRIPT, "tab:Script"),
        ("display(JSON({'a': [1, 2, {'b': None}]}))", "tab:Tree"),
        (_CIRCLE, "col:6"),
        (_PICTURE, "col:6"),
        ("print('hidden')", "hide"),
        ("(colour, str(day), names, ratio, count, flag)", "return"),
    )
    return folder


class ServedPages(Watched):
    """Pages of one test.

    Attributes:
        server: What serves them.
    """

    def __init__(self, browser: Browser, server: Served) -> None:
        super().__init__(browser)
        self.server = server
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])

    @property
    def context(self) -> BrowserContext:
        """Where the pages are."""
        return self._context

    def open(self, place: str = "") -> Page:
        """Open a page, such as `pages/noted?n=7`."""
        page = self.page()
        page.goto(self.server.url + place)
        return page


def card(page: Page, name: str) -> Locator:
    """Find a node's card."""
    return page.locator(f'[data-card="{name}"]')


def body(page: Page, name: str) -> Locator:
    """Find what a card shows."""
    return card(page, name).locator(".nb-body")


def field(page: Page, address: str, part: str = "number") -> Locator:
    """Find an input of a control."""
    return page.locator(f'[data-address="{address}"] [data-part="{part}"]')


def wait_state(page: Page, name: str, state: str) -> None:
    """Wait until a card is in a state."""
    expect(card(page, name)).to_have_attribute("data-state", state, timeout=PATIENCE_MS)


def wait_value(page: Page, name: str, text: str) -> None:
    """Wait until a card shows a value that is all there is to say."""
    expect(body(page, name)).to_have_text(text, timeout=PATIENCE_MS)
    wait_state(page, name, "fresh")


def wait_query(page: Page, query: str) -> None:
    """Wait until the address asks for something."""
    page.wait_for_url(lambda url: url.partition("?")[2] == query, timeout=PATIENCE_MS)


def let_go(folder: Path, number: int) -> None:
    """Let the runs of `gated` with a number go on."""
    (folder / f"go-{number}").touch()


def noted(folder: Path) -> list[str]:
    """Return what runs have written down."""
    place = folder / "runs.txt"
    return place.read_text().split() if os.path.exists(place) else []
