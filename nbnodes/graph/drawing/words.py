"""What is said of a picture in words, the same in every kind of drawing: states, counts, icons."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType

from nbnodes.graph.drawing.measure import one_line
from nbnodes.graph.drawing.picture import STATES, Picture, PictureNode

STATE_ICONS = MappingProxyType(
    {
        "fresh": "✓",
        "stale": "○",
        "queued": "◷",
        "running": "▶",
        "failed": "✗",
        "blocked": "⊘",
        "cancelled": "□",
        "": "•",
    }
)


def second_line(node: PictureNode) -> str:
    """Return what is told of a node below its name: state, reason, detail."""
    return " · ".join(one_line(text) for text in (node.state, node.reason, node.detail) if text)


def summary(picture: Picture) -> str:
    """Return how large a picture is and how many of its nodes are in which state.

    >>> summary(Picture(name="empty", nodes=(), edges=()))
    'no nodes'
    """
    if not picture.nodes:
        return "no nodes"
    size = f"{_counted(len(picture.nodes), 'node')}, {_counted(len(picture.edges), 'edge')}"
    states = Counter(node.state for node in picture.nodes)
    told = ", ".join(f"{states[state]} {state}" for state in STATES if states[state])
    return f"{size} · {told}" if told else size


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
