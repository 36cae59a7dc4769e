"""A Picture becomes lines for a terminal: rails, names, kinds, states, and what feeds each node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from nbnodes.graph.drawing.measure import columns, cut, one_line
from nbnodes.graph.drawing.measure import width as measured
from nbnodes.graph.drawing.picture import Picture, PictureNode
from nbnodes.graph.drawing.rails import MARK, rails
from nbnodes.graph.drawing.words import STATE_ICONS, summary

Piece: TypeAlias = tuple[str, str]
"""Words and the ANSI style in which they stand; "" for none."""

_MOST_RAILS = 12
_WIDEST_NAME = 32
_GAP = "  "
_DIM, _BOLD = "2", "1"
_STYLES = MappingProxyType(
    {
        "": "",
        "fresh": "32",
        "stale": "33",
        "queued": "35",
        "running": "1;34",
        "failed": "1;31",
        "blocked": "31",
        "cancelled": "2",
    }
)
_ASCII_ICONS = MappingProxyType(
    {
        "": "*",
        "fresh": "o",
        "stale": "~",
        "queued": ".",
        "running": ">",
        "failed": "x",
        "blocked": "!",
        "cancelled": "/",
    }
)
_ASCII_SIGNS = str.maketrans(
    {
        "│": "|", "─": "-", "├": "+", "┤": "+", "┼": "+", "┴": "'", "└": "`", "┘": "'",
        "←": "<-", "·": "-", "…": "...",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """What stands beside a node's rails."""

    node: PictureNode
    rails: str
    name: str
    inputs: str


def text(
    picture: Picture, width: int = 80, color: bool = False, *, ascii_only: bool = False
) -> str:
    """Draw a picture as lines for a terminal, one for each node, in topological order.

    Args:
        picture: What to draw.
        width: How many columns a line may take; what is longer is cut.
        color: Whether to use ANSI colours, which add nothing that is not said in words.
        ascii_only: Whether to use ASCII alone; other characters of names are escaped.
    """
    head: list[Piece] = [(one_line(picture.name), _BOLD), (f": {summary(picture)}", "")]
    lines = [head, *_listed(_rows(picture, width, ascii_only=ascii_only), ascii_only=ascii_only)]
    plain = [[(_plain(words), style) for words, style in line] for line in lines]
    return "\n".join(
        _joined(_fitted(line, width, "..." if ascii_only else "…"), color=color)
        for line in (plain if ascii_only else lines)
    )


def _rows(picture: Picture, width: int, *, ascii_only: bool) -> list[_Row]:
    number = {node.name: index for index, node in enumerate(picture.nodes)}
    inputs: list[list[int]] = [[] for _ in picture.nodes]
    told: list[list[str]] = [[] for _ in picture.nodes]
    for (source, target), label in picture.arrows().items():
        inputs[number[target]].append(number[source])
        told[number[target]].append(_input(source, label))
    drawn = rails(inputs, min(_MOST_RAILS, width // 6)) or [MARK] * len(picture.nodes)
    return [
        _Row(
            node=node,
            rails=rail,
            name=_plain(one_line(node.name)) if ascii_only else one_line(node.name),
            inputs=f"← {', '.join(names)}" if names else "",
        )
        for node, rail, names in zip(picture.nodes, drawn, told, strict=True)
    ]


def _input(source: str, label: str) -> str:
    name, parameter = one_line(source), one_line(label)
    return f"{parameter}={name}" if parameter and parameter != name else name


def _listed(rows: Sequence[_Row], *, ascii_only: bool) -> Iterator[list[Piece]]:
    """Yield the rows with their columns aligned; a column in which nothing stands takes no room."""
    rail_width = max((len(row.rails) for row in rows), default=0)
    names = min(max((_size(row.name) for row in rows), default=0), _WIDEST_NAME)
    kinds = max((len(row.node.kind) for row in rows), default=0)
    states = max((len(row.node.state) for row in rows), default=0)
    icons = _ASCII_ICONS if ascii_only else STATE_ICONS
    for row in rows:
        node, style = row.node, _STYLES[row.node.state]
        before, after = row.rails.ljust(rail_width).split(MARK)
        name = cut(row.name, names, columns, "..." if ascii_only else "…")
        yield [
            (before, _DIM),
            (icons[node.state], style),
            (after + _GAP, _DIM),
            (name + " " * (names - _size(name)) + _GAP, _BOLD),
            (node.kind.ljust(kinds) + _GAP, _DIM),
            *([(node.state.ljust(states) + _GAP, style)] if states else []),
            *_rest(row),
        ]


def _rest(row: _Row) -> Iterator[Piece]:
    """Yield what has no column of its own: detail, inputs, reason."""
    if row.node.detail:
        yield one_line(row.node.detail) + _GAP, ""
    if row.inputs:
        yield row.inputs + _GAP, _DIM
    if row.node.reason:
        yield f"· {one_line(row.node.reason)}", ""


def _size(words: str) -> int:
    return int(measured(words, columns))


def _plain(words: str) -> str:
    return words.translate(_ASCII_SIGNS).encode("ascii", "backslashreplace").decode("ascii")


def _fitted(line: Sequence[Piece], width: int, ellipsis: str) -> list[Piece]:
    """Cut a line to the width, and drop the spaces at its end."""
    whole = "".join(words for words, _ in line).rstrip()
    room = len(cut(whole, width, columns, ellipsis).removesuffix(ellipsis))
    if _size(whole) <= width:
        room, ellipsis = len(whole), ""
    fitted = []
    for words, style in line:
        fitted.append((words[:room], style))
        room -= min(room, len(words))
    return [*fitted, (ellipsis if width >= len(ellipsis) else "", "")]


def _joined(line: Sequence[Piece], *, color: bool) -> str:
    styled = color and any(words for words, _ in line)
    return "".join(
        f"\x1b[{style}m{words}\x1b[0m" if styled and style and words.strip() else words
        for words, style in line
    )
