"""A card's Blocks become its body: a grid of 12 columns, and tabs where cells are tagged so. Pure.

`tab:NAME` puts a block into a tab, `col:6` makes it six columns wide, `full` all twelve. What says
nothing is as wide as the card, but several pictures, one after another, stand side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from nbnodes.page.drawing.block import Block
from nbnodes.page.markup import slug, tag, text

COLUMNS = 12

_HALF = COLUMNS // 2
_PICTURE = re.compile(
    r"\s*(?:(?:<(?:div|figure|p|template|link)\b[^>]*>|<style\b[^<]*</style>)\s*)*<(?:img|svg)\b"
)
_SHORT = re.compile(r"<pre [^>]*>[^<\n]{1,40}</pre>")
_WIDTH = re.compile(r"col:(\d{1,2})")


def card_body(blocks: Iterable[Block], name: str = "") -> str:
    """Write what a card shows.

    Args:
        blocks: In the order in which they are shown.
        name: The card's; its ids begin with it, so that no two cards' tabs are taken for another's.
    """
    untabbed: list[Block] = []
    tabs: dict[str, list[Block]] = {}
    for block in blocks:
        title = _tab(block)
        (untabbed if title is None else tabs.setdefault(title, [])).append(block)
    return (_grid(untabbed) if untabbed else "") + (_tabs(tabs, name) if tabs else "")


def spans(blocks: Sequence[Block]) -> list[int]:
    """Return how many of the twelve columns each block takes."""
    found: list[int] = []
    for is_free_picture, run in groupby(blocks, _is_free_picture):
        group = list(run)
        if is_free_picture:
            found += [_HALF] * (len(group) - len(group) % 2) + [COLUMNS] * (len(group) % 2)
        else:
            found += [_span(block) or COLUMNS for block in group]
    return found


def _is_free_picture(block: Block) -> bool:
    """Whether it may stand beside another: the value stands alone."""
    is_free = block.kind == "output" and _span(block) is None
    return is_free and bool(_PICTURE.match(block.html))


def _span(block: Block) -> int | None:
    if "full" in block.tags:
        return COLUMNS
    widths = (_WIDTH.fullmatch(one) for one in block.tags)
    return next((min(COLUMNS, max(1, int(one[1]))) for one in widths if one), None)


def _tab(block: Block) -> str | None:
    names = (one.removeprefix("tab:").strip() for one in block.tags if one.startswith("tab:"))
    return next((name for name in names if name), None)


def _grid(blocks: Sequence[Block]) -> str:
    cells = (
        tag("div", block.html, class_=f"nb-block {_kind(block)}", style=f"--span:{span}")
        for block, span in zip(blocks, spans(blocks), strict=True)
    )
    return tag("div", *cells, class_="nb-grid")


def _kind(block: Block) -> str:
    """Say what it is; a number or a word that is the value is large."""
    is_short = block.kind == "value" and _SHORT.fullmatch(block.html)
    return f"nb-is-{block.kind}{' nb-is-short' if is_short else ''}"


def _tabs(tabs: dict[str, list[Block]], name: str) -> str:
    titles, panels = "", ""
    for number, (title, blocks) in enumerate(tabs.items()):
        tab_id = f"nb-tab-{slug(name)}-{number}"
        chosen = number == 0
        words: dict[str, Any] = {
            "aria_controls": f"{tab_id}-panel",
            "aria_selected": "true" if chosen else "false",
        }
        words |= {"tabindex": 0 if chosen else -1, "type": "button", "class_": "nb-tab"}
        titles += tag("button", text(title), role="tab", id=tab_id, **words)
        place: dict[str, Any] = {"id": f"{tab_id}-panel", "aria_labelledby": tab_id, "tabindex": 0}
        panels += tag("div", _grid(blocks), role="tabpanel", hidden=not chosen, **place)
    bar = tag("div", titles, role="tablist", aria_label="Parts of the result", class_="nb-tablist")
    return tag("div", bar, panels, class_="nb-tabs")
