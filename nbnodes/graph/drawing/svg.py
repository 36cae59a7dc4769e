"""A Picture becomes an SVG: one element that can stand in any page, and needs nothing else."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Iterator
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from nbnodes.graph.drawing.layout import lay_out
from nbnodes.graph.drawing.measure import cut, one_line, pixels, width
from nbnodes.graph.drawing.part import (
    ARROW,
    BOLDNESS,
    ICON,
    LABEL,
    LABEL_SIZE,
    NAME_SIZE,
    PADDING,
    WORDS_SIZE,
)
from nbnodes.graph.drawing.picture import Picture, PictureNode
from nbnodes.graph.drawing.plane import Box, Line, Plane, Point
from nbnodes.graph.drawing.style import style_sheet
from nbnodes.graph.drawing.words import second_line, summary

_MARGIN = 16.0
_MOST_TOLD = 60  # nodes in the description that is read aloud
_CORNERS = MappingProxyType({"notebook": 6.0, "function": 14.0, "cell": 1.0})
# What a stroke follows in a square of 14 for kinds and of 12 for states.
KIND_PATHS = MappingProxyType(
    {
        "notebook": "M4 1.5h6.5a1.5 1.5 0 0 1 1.5 1.5v8a1.5 1.5 0 0 1-1.5 1.5H4z"
        "M4 1.5v11M2 4h2M2 7h2M2 10h2M7 5h2.5",
        "function": "M10.5 2.6c-2-.9-3.2.1-3.6 2.2L5.8 10c-.3 1.8-1.3 2.5-2.8 1.9M4.5 6h5",
        "cell": "M4.5 2H2.5v10h2M9.5 2h2v10h-2M5.5 7h3",
        "input": "M1.5 4.5h2M6.5 4.5h6M1.5 9.5h6M10.5 9.5h2"
        "M6.5 4.5a1.5 1.5 0 1 1-3 0a1.5 1.5 0 1 1 3 0z"
        "M10.5 9.5a1.5 1.5 0 1 1-3 0a1.5 1.5 0 1 1 3 0z",
    }
)
STATE_PATHS = MappingProxyType(
    {
        "fresh": "M2.5 6.5 5 9 9.5 3.5",
        "stale": "M9.5 4A4 4 0 1 0 10 6.7M9.8 1.8v2.4H7.4",
        "queued": "M10 6a4 4 0 1 1-8 0a4 4 0 1 1 8 0zM6 3.8V6.1L7.6 7",
        "running": "M3.5 2.3 9.8 6 3.5 9.7z",
        "failed": "M3 3l6 6M9 3 3 9",
        "blocked": "M10 6a4 4 0 1 1-8 0a4 4 0 1 1 8 0zM3.2 3.2l5.6 5.6",
        "cancelled": "M3 3h6v6H3z",
    }
)


def svg(picture: Picture, plane: Plane | None = None) -> str:
    """Draw a picture as an SVG element, in layers from top to bottom.

    The same picture gives the same text. It follows the page's light or dark scheme, shrinks to
    the width it is given, and refers to nothing outside.

    Args:
        picture: What to draw.
        plane: Where everything is; default: as `lay_out` places it.
    """
    plane = (plane or lay_out(picture)).moved(_MARGIN, _MARGIN)
    wide = max(plane.width, 0.0 if picture.nodes else 120.0) + 2 * _MARGIN
    high = max(plane.height, 0.0 if picture.nodes else 20.0) + 2 * _MARGIN
    root, rules = style_sheet()
    digest = hashlib.sha256(repr(picture).encode("utf-8", "backslashreplace")).hexdigest()[:12]
    title = _tag("title", _text(f"Graph of {picture.name}"), id=f"nb-{digest}-t")
    description = _tag("desc", _text(_description(picture)), id=f"nb-{digest}-d")
    inner = [
        title,
        description,
        _tag("style", rules),
        _tag("rect", class_="nb-page", width=wide, height=high, rx=8.0),
        *_drawn_lines(plane.lines),
        *(_drawn_box(box) for box in plane.boxes),
        *([] if picture.nodes else [_tag("text", "no nodes", x=_MARGIN, y=30.0)]),
    ]
    return _tag(
        "svg",
        "\n".join(["", *inner, ""]),
        xmlns="http://www.w3.org/2000/svg",
        class_=root,
        role="img",
        aria_labelledby=f"nb-{digest}-t nb-{digest}-d",
        viewBox=f"0 0 {_number(wide)} {_number(high)}",
        width=wide,
        height=high,
        style="max-width:100%;height:auto",
    )


def shown_words(box: Box) -> str:
    """Return as much of what is told below a node's name as its box has room for."""
    return cut(second_line(box.node), _room(box), pixels(WORDS_SIZE))


def told_in_full(node: PictureNode) -> str:
    """Return all that is known of a node."""
    second = second_line(node)
    return f"{node.name} ({node.kind})" + (f": {second}" if second else "")


def _room(box: Box) -> float:
    return box.width - 2 * PADDING - ICON


def _drawn_lines(lines: tuple[Line, ...]) -> Iterator[str]:
    """Yield all lines, then what stands on them."""
    for line in lines:
        style = "nb-line nb-broken" if line.broken else "nb-line"
        title = _tag("title", _text(_told(line))) if line.target is not None else ""
        yield _tag("path", title, class_=style, d=_path(line))
    for line in lines:
        if line.target is not None:
            yield from _drawn_end(line)


def _told(line: Line) -> str:
    fed = f" ({line.label})" if line.label else ""
    return f"{line.source} → {line.target}{fed}"


def _path(line: Line) -> str:
    points = list(line.points)
    if line.target is not None:  # the head covers the rest
        points[-1] = (points[-1][0], points[-1][1] - ARROW / 2)
    start = points[0]
    return f"M{_point(start)}" + "".join(_stretch(a, b) for a, b in pairwise(points))


def _stretch(start: Point, end: Point) -> str:
    if start[0] == end[0]:
        return f"V{_number(end[1])}"
    middle = (start[1] + end[1]) / 2
    return f"C{_point((start[0], middle))} {_point((end[0], middle))} {_point(end)}"


def _drawn_end(line: Line) -> Iterator[str]:
    x, y = line.points[-1]
    yield _tag("path", class_="nb-head", d=f"M{_point((x, y))}l-3.5 -7h7z")
    if line.shown:
        wide, high = width(line.shown, pixels(LABEL_SIZE)) + 4, LABEL - 2
        top = y - ARROW - high
        yield _tag("rect", class_="nb-gap", x=x - wide / 2, y=top, width=wide, height=high, rx=3.0)
        words = _tag("title", _text(_told(line))) + _text(line.shown)
        yield _tag("text", words, class_="nb-label", x=x, y=top + high - 4)


def _drawn_box(box: Box) -> str:
    node = box.node
    left, shown = box.x + PADDING, shown_words(box)
    name_y = box.y + (21 if shown else box.height / 2 + 4.5)
    corner = _CORNERS.get(node.kind, box.height / 2)
    name = cut(one_line(node.name), _room(box), pixels(NAME_SIZE * BOLDNESS))
    size: dict[str, Any] = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
    icon_at = f"translate({_point((left, name_y - 11.5))})"
    inner = [
        _tag("title", _text(told_in_full(node))),
        _tag("rect", class_="nb-box", rx=corner, **size),
        _tag("path", class_="nb-icon nb-kind", transform=icon_at, d=KIND_PATHS[node.kind]),
        _tag("text", _text(name), class_="nb-name", x=left + ICON, y=name_y),
        *_drawn_second(node, shown, (left, box.y + 39)),
    ]
    style = f"nb-{node.state or 'plain'}"
    return _tag("g", "".join(inner), class_=style, data_node=_text(node.name))


def _drawn_second(node: PictureNode, shown: str, start: Point) -> Iterator[str]:
    """Yield the state's icon and word, and what else is told."""
    left, y = start
    words = html.escape(shown)
    if node.state:
        at = f"translate({_point((left + 1, y - 10))})"
        icon = STATE_PATHS[node.state]
        yield _tag("path", class_="nb-icon nb-state", transform=at, d=icon)
        rest = html.escape(shown.removeprefix(node.state))
        words = _tag("tspan", node.state, class_="nb-word") + rest
    if words:
        yield _tag("text", words, x=left + ICON, y=y)


def _description(picture: Picture) -> str:
    """Say in words what is drawn, as long as anybody would listen."""
    inputs: dict[str, list[str]] = {}
    for source, target in picture.arrows():
        inputs.setdefault(target, []).append(source)
    told = [f"{summary(picture)}."]
    for node in picture.nodes[:_MOST_TOLD]:
        fed = inputs.get(node.name)
        told.append(told_in_full(node) + (f", from {', '.join(fed)}." if fed else "."))
    if len(picture.nodes) > _MOST_TOLD:
        told.append(f"And {len(picture.nodes) - _MOST_TOLD} more.")
    return " ".join(told)


def _tag(tag: str, inner: str = "", **attributes: str | float) -> str:
    """Write an element; its attributes are marks and numbers of our own, or escaped already."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="'
        f'{value if isinstance(value, str) else _number(value)}"'
        for name, value in attributes.items()
    )
    return f"<{tag}{written}>{inner}</{tag}>" if inner else f"<{tag}{written}/>"


def _text(text: str) -> str:
    return html.escape(one_line(text))


def _point(point: Point) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _number(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
