"""A Picture becomes a Mermaid flowchart, whatever its names hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import MappingProxyType

from nbnodes.graph.drawing.measure import one_line
from nbnodes.graph.drawing.picture import KINDS, STATES, Picture, PictureNode
from nbnodes.graph.drawing.style import LIGHT
from nbnodes.graph.drawing.words import STATE_ICONS, second_line

_SHAPES = MappingProxyType(
    {
        "notebook": ('["', '"]'),
        "function": ('("', '")'),
        "cell": ('[["', '"]]'),
        "input": ('(["', '"])'),
    }
)
_KIND_STYLES = MappingProxyType(
    {
        "notebook": "stroke-width:1.5px",
        "function": "stroke-width:1px",
        "cell": "stroke-width:1px",
        "input": "stroke-width:1px,font-style:italic",
    }
)
_STATE_STYLES = MappingProxyType(
    {
        "running": ",stroke-width:2.5px",
        "blocked": ",stroke-dasharray:4 3",
        "cancelled": ",stroke-dasharray:4 3",
    }
)

# Mermaid knows no backslashes: a character is kept from it as `#number;`, as in
# https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters. Besides the marks
# of its own grammar these are Markdown's and HTML's, which labels may hold, and the two signs by
# which it carries entities past its parser. Marks of the first kind do nothing within a word.
_SPECIAL = re.compile(
    r"""(?<![^\W_])[._,=-]|[._,=-](?![^\W_])|[!"#$%&'()*+/:;<>?@\[\\\]^`{|}~°¶]"""
)


def mermaid(picture: Picture) -> str:
    """Draw a picture as a Mermaid flowchart, from top to bottom.

    Mermaid's own limits hold: where its settings have not been changed, a page refuses a chart of
    more than 500 edges or 50,000 characters.
    """
    return "\n".join(["flowchart TD", *(f"    {line}" for line in _lines(picture)), ""])


def _lines(picture: Picture) -> Iterator[str]:
    if not picture.nodes:
        yield 'n0["no nodes"]'
        return
    ids = {node.name: f"n{index}" for index, node in enumerate(picture.nodes)}
    for node in picture.nodes:
        before, after = _SHAPES[node.kind]
        yield f"{ids[node.name]}{before}{_label(node)}{after}"
    for (source, target), label in picture.arrows().items():
        told = f'|"{_escaped(label)}"|' if label.strip() else ""
        yield f"{ids[source]} -->{told} {ids[target]}"
    yield from _classes(picture, ids)


def _label(node: PictureNode) -> str:
    """Return the name, and below it the state with its icon, its reason and what else is told."""
    name = _escaped(node.name) or "#160;"
    second = second_line(node)
    if not second:
        return name
    icon = f"{STATE_ICONS[node.state]} " if node.state else ""
    return f"{name}<br/>{icon}{_escaped(second)}"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"#{ord(found[0])};", one_line(text))


def _classes(picture: Picture, ids: dict[str, str]) -> Iterator[str]:
    """Yield a class for each kind and state that there is, then the nodes in it."""
    for kind in KINDS:
        members = [ids[node.name] for node in picture.nodes if node.kind == kind]
        if members:
            yield f"classDef {kind} {_KIND_STYLES[kind]}"
            yield f"class {','.join(members)} {kind}"
    for state in ("", *STATES):
        members = [ids[node.name] for node in picture.nodes if node.state == state]
        if members:
            tone, name = LIGHT.tones[state], state or "plain"
            colours = f"fill:{tone.fill},stroke:{tone.border},color:{LIGHT.name}"
            yield f"classDef {name} {colours}{_STATE_STYLES.get(state, '')}"
            yield f"class {','.join(members)} {name}"
