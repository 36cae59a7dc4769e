"""A title and a body become a document of ours: its head, scripts, the bar on top. Pure."""

from __future__ import annotations

from typing import Any

from nbnodes.page.look import asset_url
from nbnodes.page.markup import tag, text

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; font-src 'self' data:; media-src data: blob:;"
    " connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'"
)
"""The Content-Security-Policy that every page of ours is to be sent with."""

_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath d='M4 4h8M4 4v8M12 4 4 12' stroke='%238792a0'/%3E%3Cg fill='%230a66c2'%3E"
    "%3Ccircle cx='4' cy='4' r='2.5'/%3E%3Ccircle cx='12' cy='4' r='2.5'/%3E"
    "%3Ccircle cx='4' cy='12' r='2.5'/%3E%3C/g%3E%3C/svg%3E"
)


def shell_html(
    title: str, body: str, *, base_url: str, script: str, bar: str = "", **attributes: Any
) -> str:
    """Write a document.

    Args:
        title: For the window.
        body: HTML between the bar and the end.
        base_url: Where the server's own pages begin; ends with a slash.
        script: The name of the asset that brings it to life; "" for none.
        bar: HTML that stands in the bar.
        attributes: The body's own.
    """
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name_="color-scheme", content="light dark"),
        tag("meta", name_="referrer", content="same-origin"),
        tag("title", text(title)),
        tag("link", rel="icon", href=_ICON),
        *(
            tag("link", rel="stylesheet", href=asset_url(base_url, name))
            for name in ("page.css", "drawing.css")
        ),
        tag("script", src=asset_url(base_url, "theme.js")),
        tag("script", src=asset_url(base_url, script), defer=True) if script else "",
    ]
    skip = tag("a", "Skip to the content", href="#nb-main", class_="nb-skip")
    page = tag("body", skip, _bar(base_url, bar), body, **attributes)
    return f"<!doctype html>\n{tag('html', tag('head', *head), page, lang='en')}\n"


def _bar(base_url: str, inner: str) -> str:
    home = tag("a", "All models", href=base_url, class_="nb-home")
    docs = tag("a", "API", href=f"{base_url}docs")
    words = {"type": "button", "id": "nb-scheme", "class_": "nb-quiet"}
    scheme = tag("button", "Theme: auto", **words)
    links = tag("nav", home, docs, aria_label="Site")
    return tag("header", links, tag("div", inner, scheme, class_="nb-bar-end"), class_="nb-top")
