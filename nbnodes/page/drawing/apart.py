"""HTML of an output becomes an element of a page, such that neither changes the other."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files

from nbnodes.page.drawing.cleaned import cleaned, is_table
from nbnodes.page.drawing.plain import aside
from nbnodes.page.frames import FRAME_POLICY
from nbnodes.page.markup import tag
from nbnodes.page.markup import text as escaped

_MOST_FRAMED = 32_000_000  # characters
_HIGHEST_PX = 8000
_FOREIGN = re.compile(r"<script\s[^>]{0,300}src=[\"']?(?:https?:)?//", re.IGNORECASE)
_FOREIGN_NOTE = "It asks another host for scripts, which pages do not: let its HTML carry them."
_REPORTER = """
(() => {
  let told = 0;
  const tell = () => {
    const height = Math.min(Math.ceil(document.documentElement.offsetHeight), HIGHEST);
    if (Math.abs(height - told) > 1) parent.postMessage({"nbnodes-height": told = height}, "*");
  };
  new ResizeObserver(tell).observe(document.documentElement);
  addEventListener("load", tell);
  addEventListener("message", event => {
    const scheme = event.source === parent && event.data && event.data["nbnodes-scheme"];
    if (scheme) document.documentElement.style.colorScheme = scheme;
  });
})();
""".replace("HIGHEST", str(_HIGHEST_PX))
_STYLE = "html{color-scheme:light dark}body{margin:0;font:14px system-ui,sans-serif}"


def apart(html: str, *, style_url: str | None = None, rest: str = "") -> str:
    """Write HTML into a shadow root: its styles and ids are its own. Scripts are left out.

    Args:
        html: Anything.
        style_url: Where `drawing.css` is; None to carry its rules along.
        rest: How to have what is left out, if it is long; "" for nothing to say.
    """
    found = cleaned(html, rest=rest)
    if not found.html.strip() and not found.note:
        return ""
    link = tag("link", rel="stylesheet", href=style_url) if style_url else _rules()
    root = tag("template", link, found.html, shadowrootmode="open")
    note = aside(found.note) if found.note else ""
    name = "nb-apart nb-is-table" if is_table(html) else "nb-apart"
    return tag("div", root, class_=name, tabindex=0, role="group", aria_label="Output") + note


def framed(html: str, frame: Callable[[str], str], *, title: str) -> str:
    """Write an <iframe> that shows HTML and runs its scripts, away from the page.

    Args:
        html: Anything.
        frame: Takes a whole document, gives the URL at which it can be had.
        title: What the frame shows, in words.
    """
    if len(html) > _MOST_FRAMED:
        size = f"{len(html) / 1e6:,.0f} MB"
        return aside(f"An interactive output of {size} is too large for a page: download it.")
    url = frame(framed_document(html, title))
    note = aside(_FOREIGN_NOTE) if _FOREIGN.search(html) else ""
    return tag("iframe", class_="nb-frame", sandbox="allow-scripts", src=url, title=title) + note


def framed_document(html: str, title: str) -> str:
    """Write the document of a frame: it tells its height to the page, and asks no host.

    Messages to the page: `{"nbnodes-height": px}`; from the page: `{"nbnodes-scheme": "dark"}`.
    """
    head = (
        tag("meta", charset="utf-8")
        + tag("meta", http_equiv="Content-Security-Policy", content=FRAME_POLICY)
        + tag("title", escaped(title))
        + f"<style>{_STYLE}</style><script>{_REPORTER}</script>"
    )
    body = html.encode("utf-8", "replace").decode("utf-8")
    return f"<!doctype html>\n<html lang=en><head>{head}</head><body>\n{body}\n</body></html>\n"


@cache
def _rules() -> str:
    text = files("nbnodes.page").joinpath("assets", "drawing.css").read_text(encoding="utf-8")
    return f"<style>{text}</style>"
