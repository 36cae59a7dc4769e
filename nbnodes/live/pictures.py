"""A graph's members and where they stand become a Picture."""

from __future__ import annotations

from collections.abc import Mapping

from nbnodes.graph.assembly import Assembly, Member
from nbnodes.graph.drawing.picture import Picture, PictureEdge, PictureNode
from nbnodes.scheduler.protocol import Standing

_SHOWN = 24  # characters of a value


def picture(name: str, assembly: Assembly, standings: Mapping[str, Standing]) -> Picture:
    """Say what to draw of a graph."""
    return Picture(
        name=name,
        nodes=tuple(
            _node(member, standings.get(member.name)) for member in assembly.members.values()
        ),
        edges=tuple(
            PictureEdge(source=feed.source, target=member.name, label=parameter)
            for member in assembly.members.values()
            for parameter, feed in member.feeds.items()
        ),
    )


def _node(member: Member, standing: Standing | None) -> PictureNode:
    return PictureNode(
        name=member.name,
        kind=member.kind,
        state=standing.state if standing else "",
        reason=standing.reason if standing else "",
        detail=", ".join(f"{name}={_text(value)}" for name, value in member.constants.items()),
    )


def _text(value: object) -> str:
    text = f"{value!r}"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
