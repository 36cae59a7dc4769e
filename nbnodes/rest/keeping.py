"""Two readings of a Subject go in; whether it is as it was comes out."""

from __future__ import annotations

from nbnodes.graph.assembly import Member
from nbnodes.live.graph import Graph
from nbnodes.notebook.document import Notebook
from nbnodes.rest.subject import Subject


def is_alike(one: Subject, other: Subject) -> bool:
    """Whether two readings of a subject are of the same files, wired in the same way."""
    return _outside(one) == _outside(other) and _is_alike_graph(one.graph, other.graph)


def _outside(subject: Subject) -> tuple[object, ...]:
    return (
        subject.name,
        subject.title,
        subject.description,
        subject.mains,
        dict(subject.endpoints),
        subject.is_graph,
    )


def _is_alike_graph(one: Graph, other: Graph) -> bool:
    if (one.name, one.workers, [*one]) != (other.name, other.workers, [*other]):
        return False
    members = zip(one.assembly.members.values(), other.assembly.members.values(), strict=True)
    return all(_is_alike_member(*pair) for pair in members)


def _is_alike_member(one: Member, other: Member) -> bool:
    wiring = dict(one.feeds) == dict(other.feeds) and one.options == other.options
    # as text, since 1, 1.0 and True are equal, and a notebook tells them apart
    constants = repr(one.constants) == repr(other.constants)
    return wiring and constants and _is_alike_body(one.body, other.body)


def _is_alike_body(one: object, other: object) -> bool:
    """Whether notebooks say the same; what a function refers to may have changed unseen."""
    if not isinstance(one, Notebook) or not isinstance(other, Notebook):
        return False
    return one is other or (one.path, one.document) == (other.path, other.document)
