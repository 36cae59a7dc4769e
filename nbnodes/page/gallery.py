"""What is served becomes the page that everything is found from. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nbnodes.page.markup import tag, text
from nbnodes.page.shell import shell_html

_MANY = 8  # entries that are found without searching


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryEntry:
    """One model or graph.

    Attributes:
        name: What it is called in URLs.
        title: What people read.
        description: What it is for, in plain text; "" for nothing to say.
        url: Of its page.
        parameter_count: How many parameters it has.
        is_graph: Whether it is a graph of several nodes.
    """

    name: str
    title: str
    description: str = ""
    url: str
    parameter_count: int = 0
    is_graph: bool = False


def gallery_html(entries: Sequence[GalleryEntry], *, base_url: str, title: str = "Models") -> str:
    """Write the gallery; from nine entries on they can be searched."""
    listed = tag("ul", *(_entry(one) for one in entries), class_="nb-gallery", id="nb-gallery")
    if not entries:
        listed = tag("p", "There is no model notebook here yet.", class_="nb-empty")
    search = _search(len(entries)) if len(entries) > _MANY else ""
    head = tag("div", tag("h1", text(title)), search, class_="nb-intro")
    body = tag("main", head, listed, class_="nb-plain", id="nb-main", tabindex=-1)
    return shell_html(title, body, base_url=base_url, script="gallery.js" if search else "")


def _search(count: int) -> str:
    words = {"type": "search", "autocomplete": "off", "placeholder": f"Search {count} models"}
    field = tag("input", id="nb-search", aria_label="Search models", **words)
    found = tag("p", id="nb-found", class_="nb-help", role="status", aria_live="polite")
    return tag("div", field, found, class_="nb-search")


def _entry(entry: GalleryEntry) -> str:
    link = tag("h2", tag("a", text(entry.title), href=entry.url))
    about = tag("p", text(entry.description), class_="nb-about") if entry.description else ""
    count = entry.parameter_count
    facts = [f"{count} parameter{'' if count == 1 else 's'}" if count else "no parameters"]
    facts = ["graph"] * entry.is_graph + facts
    name = tag("code", text(entry.name))
    return tag("li", link, about, tag("p", name, " · ", " · ".join(facts), class_="nb-note"))
