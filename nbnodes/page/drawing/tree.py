"""JSON becomes a tree that folds: one pass, whatever its depth, cut where it is long. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from nbnodes.page.markup import tag
from nbnodes.page.markup import text as escaped

_MOST_LINES = 2000
_MOST_CHILDREN = 200
_DEEPEST = 60
_LONGEST = 2000  # characters of a text
_MOST_BITS = 10_000  # of an integer: Python refuses to write more


def tree(value: Any) -> str:
    """Write a value of JSON's kinds as nested <details>, the outermost one open."""
    out: list[str] = ['<ul class="nb-tree">']
    left = _MOST_LINES
    stack: list[tuple[Iterator[tuple[str | None, Any]], int]] = [(iter([(None, value)]), 0)]
    while stack:
        children, unseen = stack[-1]
        child = next(children, None)
        if child is None or left <= 0:
            unseen += child is not None
            unseen += sum(1 for _ in children)
            out.append(f'<li class="nb-more">… {unseen:,} more</li>' if unseen else "")
            out.append("</ul></details></li>" if len(stack) > 1 else "</ul>")
            stack.pop()
            continue
        left -= 1
        label, inner = child
        if _holds(inner) and len(stack) <= _DEEPEST:
            out.append(_opening(label, inner, is_open=len(stack) == 1))
            shown = min(len(inner), _MOST_CHILDREN)
            stack.append((islice(_children(inner), shown), len(inner) - shown))
        else:
            out.append(f"<li>{_label(label)}{_leaf(inner)}</li>")
    return "".join(out)


def _holds(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple) and len(value) > 0


def _children(value: Any) -> Iterator[tuple[str | None, Any]]:
    if isinstance(value, Mapping):
        return ((str(key), inner) for key, inner in value.items())
    return ((str(place), inner) for place, inner in enumerate(value))


def _opening(label: str | None, value: Any, *, is_open: bool) -> str:
    count = len(value)
    kind = f"{{{count:,}}}" if isinstance(value, Mapping) else f"[{count:,}]"
    summary = tag("summary", _label(label), tag("span", kind, class_="nb-count"))
    return f"<li><details{' open' if is_open else ''}>{summary}<ul>"


def _label(label: str | None) -> str:
    return "" if label is None else tag("span", _cut(label), class_="nb-key") + ": "


def _leaf(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return tag("span", json.dumps(value), class_="nb-word")
    if isinstance(value, str):
        return tag("span", f"&quot;{_cut(value)}&quot;", class_="nb-string")
    if isinstance(value, int | float):
        written = _digits(value) if isinstance(value, int) else repr(float(value))
        return tag("span", written, class_="nb-number")
    if isinstance(value, Mapping | list | tuple):
        pair = "{…}" if isinstance(value, Mapping) else "[…]"
        return pair if value else pair.replace("…", "")
    return tag("span", _cut(f"<{type(value).__name__}>"), class_="nb-word")


def _digits(value: int) -> str:
    if value.bit_length() <= _MOST_BITS:
        return str(int(value))
    return f"(an integer of about {int(value.bit_length() * math.log10(2)):,} digits)"


def _cut(text: str) -> str:
    more = len(text) - _LONGEST
    return escaped(text[:_LONGEST]) + (f"… {more:,} characters more" if more > 0 else "")
