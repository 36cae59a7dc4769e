"""A node's place on a page becomes HTML: its title, state, buttons, and what it shows. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from nbnodes.page.drawing.block import Block
from nbnodes.page.layout import card_body
from nbnodes.page.markup import slug, tag, text
from nbnodes.scheduler.protocol import State

FORMATS = {
    "json": "JSON",
    "csv": "CSV",
    "parquet": "Parquet",
    "arrow": "Arrow",
    "html": "HTML",
    "png": "PNG image",
    "svg": "SVG image",
    "ipynb": "Notebook, as it ran",
    "text": "Text",
}
"""What people call the formats that a Result can be downloaded in."""

_BUSY = ("stale", "queued", "running")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A node's place on a page.

    Attributes:
        name: The node's.
        title: What people read.
        blocks: What it shows; none for nothing yet.
        state: Where the node stands.
        reason: Why, in words.
        key: The key of the Result that is shown; None for none.
        formats: What that Result can be downloaded as: see `FORMATS`.
        note: What else is worth knowing of it: "cached, 12 ms".
        is_main: Whether it is shown at once; others are folded, each in a line of its own.
        is_manual: Whether it runs only when told to.
        run_url: Where a run of it can be asked for, which takes the parameters in its query.
        feeds: The addresses of the parameters that its Result depends on.
    """

    name: str
    title: str
    blocks: tuple[Block, ...] = ()
    state: State = "stale"
    reason: str = ""
    key: str | None = None
    formats: tuple[str, ...] = ()
    note: str = ""
    is_main: bool = True
    is_manual: bool = False
    run_url: str
    feeds: tuple[str, ...] = ()


def card_html(card: Card, *, is_alone: bool = False) -> str:
    """Write a card.

    Args:
        card: What to show.
        is_alone: Whether it is the page's only one, whose heading then says it all.
    """
    place = card_id(card.name)
    hidden = "nb-hidden" if is_alone else None
    title = tag("h2", text(card.title), id=f"{place}-title", class_=hidden)
    body = tag("div", card_body(card.blocks, card.name), class_="nb-body", data_part="body")
    inner = tag("div", title, _state(card), _buttons(card), class_="nb-card-head"), _bar(), body
    words = {
        "class_": "nb-card" if card.is_main else "nb-card nb-inner",
        "id": place,
        "tabindex": -1,
        "data_card": card.name,
        "data_state": card.state,
        "data_key": card.key,
        "data_manual": card.is_manual,
        "data_run": card.run_url,
        "data_feeds": json.dumps(card.feeds),
        "aria_labelledby": f"{place}-title",
        "aria_busy": "true" if card.state in _BUSY else "false",
    }
    return tag("section", *inner, **words)


def cards_html(cards: Sequence[Card], between: str = "") -> str:
    """Write all cards: the main ones, what stands between, then the inner ones, folded."""
    main = [card for card in cards if card.is_main]
    inner = "".join(card_html(card) for card in cards if not card.is_main)
    shown = "".join(card_html(card, is_alone=len(cards) == 1) for card in main)
    if not inner:
        return shown + between
    count = len(cards) - len(main)
    told = f"{count} step{'s' if count > 1 else ''} on the way"
    return (
        shown
        + between
        + tag("details", tag("summary", told), inner, class_="nb-fold", id="nb-inner")
    )


def card_id(name: str) -> str:
    """Return the id of a node's card."""
    return f"nb-card-{slug(name)}"


def icon(state: str) -> str:
    """Draw a state's icon, of those that the page holds."""
    used = tag("use", href=f"#nb-icon-{state}", data_part="icon")
    return tag("svg", used, class_="nb-icon", aria_hidden="true", viewBox="0 0 12 12")


def _state(card: Card) -> str:
    chip = tag("span", icon(card.state), tag("b", card.state, data_part="state"), class_="nb-chip")
    reason = tag("span", text(card.reason), data_part="reason", class_="nb-reason")
    note = tag("span", text(card.note), data_part="note", class_="nb-note")
    return tag("p", chip, reason, note, class_="nb-state")


def _buttons(card: Card) -> str:
    run = tag("button", _run_word(card), type="button", class_="nb-quiet", data_act="run")
    stoppable = card.state in ("queued", "running")
    stop = tag("button", "Stop", type="button", data_act="stop", hidden=not stoppable)
    links = "".join(
        tag("a", text(FORMATS.get(one, one)), href=f"{card.run_url}?format={one}", download=True)
        for one in card.formats
    )
    listed = {"data_part": "formats", "data_formats": " ".join(card.formats)}
    menu_list = tag("div", links, class_="nb-menu-list", **listed)
    menu = tag("details", tag("summary", "Download"), menu_list, class_="nb-menu", hidden=not links)
    curl = tag("button", "Copy as curl", type="button", class_="nb-quiet", data_act="curl")
    return tag("div", stop, run, menu, curl, class_="nb-buttons")


def _run_word(card: Card) -> str:
    return "Run" if card.is_manual and card.state == "stale" else "Run again"


def _bar() -> str:
    line = tag(
        "div", tag("i"), class_="nb-bar", data_part="bar", role="progressbar", aria_label="Progress"
    )
    return tag("div", line, tag("span", data_part="progress"), class_="nb-progress", hidden=True)
