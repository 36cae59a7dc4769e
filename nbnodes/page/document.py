"""A model or graph as it stands becomes its page: controls beside cards. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from nbnodes.control.control import Control
from nbnodes.graph.drawing.svg import STATE_PATHS
from nbnodes.page.card import FORMATS, Card, cards_html
from nbnodes.page.inputs import Form, form_html
from nbnodes.page.markup import tag, text
from nbnodes.page.shell import shell_html

_MOST_STRAYS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContent:
    """What a page shows when it is loaded.

    Attributes:
        title: Of the model or graph.
        base_url: Where the server's own pages begin; ends with a slash.
        page_url: Where this page is, without its query.
        live_url: Where its live socket is.
        description_html: What it is for; "" for nothing to say.
        controls: By address.
        values: What they are set to, by address; those not named have their defaults.
        problems: Why a value was refused, by address.
        strays: Why something that the address says was passed over.
        groups: For a graph the addresses of each node's parameters, by the node's title.
        cards: In the order in which they are shown.
        graph_svg: The graph's picture; None for none.
        is_guarded: Whether programs need a token: a copied call of curl then reads it from the
            environment.
    """

    title: str
    base_url: str
    page_url: str
    live_url: str
    description_html: str = ""
    controls: Mapping[str, Control] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    strays: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cards: tuple[Card, ...] = ()
    graph_svg: str | None = None
    is_guarded: bool = False


def page_html(content: PageContent) -> str:
    """Write the page, as it is sent first."""
    about = content.description_html
    intro = tag(
        "div",
        tag("h1", text(content.title)),
        tag("div", about, class_="nb-about") if about else "",
        *_strays(content.strays),
        class_="nb-intro",
    )
    results = tag("div", cards_html(content.cards, _graph(content)), class_="nb-results")
    panel = _panel(content)
    form = "nb-page" if panel else "nb-page nb-without-panel"
    body = tag("main", intro, panel, results, class_=form, id="nb-main", tabindex=-1)
    return shell_html(
        content.title,
        body + _icons(),
        base_url=content.base_url,
        script="page.js",
        bar=_status()
        + tag("button", "Copy link", type="button", class_="nb-quiet", data_act="link"),
        data_live=content.live_url,
        data_page=content.page_url,
        data_guarded=content.is_guarded,
        data_formats=json.dumps(FORMATS),
    )


def _strays(strays: tuple[str, ...]) -> Iterator[str]:
    """Yield what is told of an address that says more than there are controls."""
    for one in strays[:_MOST_STRAYS]:
        yield tag("p", text(f"In the address: {one}"), class_="nb-problem")
    if len(strays) > _MOST_STRAYS:
        more = f"In the address: {len(strays) - _MOST_STRAYS:,} more that nothing is known of"
        yield tag("p", more, class_="nb-problem")


def _panel(content: PageContent) -> str:
    if not content.controls:
        return ""
    form = Form(
        controls=content.controls,
        values=content.values,
        problems=content.problems,
        groups=content.groups,
    )
    reset = tag("a", "Reset", href=content.page_url, class_="nb-button nb-quiet", data_act="reset")
    unscripted = tag("noscript", tag("p", "Without JavaScript values are set in the address."))
    inner = form_html(form, unscripted, id="nb-form", action=content.page_url, autocomplete="off")
    title = tag("summary", tag("h2", "Parameters"))
    fold = tag("details", title, inner, open=True)
    return tag("section", fold, reset, class_="nb-panel", aria_label="Parameters")


def _graph(content: PageContent) -> str:
    if not content.graph_svg:
        return ""
    drawn = tag("div", content.graph_svg, class_="nb-graph", id="nb-graph")
    return tag("details", tag("summary", "Graph"), drawn, class_="nb-fold", open=True)


def _status() -> str:
    """Write the line that says how the page stands, and the one that is only read aloud."""
    line = tag("p", id="nb-status", class_="nb-status", role="status", aria_live="polite")
    aloud = tag("p", id="nb-aloud", class_="nb-hidden", role="status", aria_live="polite")
    return line + aloud


def _icons() -> str:
    drawn = (
        tag("symbol", tag("path", d=path), id=f"nb-icon-{state}", viewBox="0 0 12 12")
        for state, path in STATE_PATHS.items()
    )
    return tag("svg", *drawn, class_="nb-icons", aria_hidden="true", width=0, height=0)
