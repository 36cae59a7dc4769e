"""Why there is no such page becomes a page itself: in the project's look, with a way on. Pure."""

from __future__ import annotations

from nbnodes.page.markup import tag, text
from nbnodes.page.shell import shell_html


def refusal_html(base_url: str, title: str, detail: str) -> str:
    """Write the page.

    Args:
        base_url: Where the server's own pages begin; ends with a slash.
        title: What kind of problem it is.
        detail: What happened, and what to do; "" for nothing to say.
    """
    told = tag("p", text(detail), class_="nb-refusal") if detail else ""
    way = tag("p", tag("a", "All models", href=base_url))
    inner = tag("h1", text(title)), told, way
    body = tag("main", *inner, class_="nb-plain", id="nb-main", tabindex=-1)
    return shell_html(title, body, base_url=base_url, script="")
