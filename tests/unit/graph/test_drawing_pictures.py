"""A picture is checked when it is made, and its words are one harmless line."""

from __future__ import annotations

import pytest

from nbnodes.graph.drawing.measure import columns, cut, one_line, width
from nbnodes.graph.drawing.picture import Picture, PictureEdge, PictureNode
from nbnodes.graph.drawing.words import summary


def node(name: str, state: str = "") -> PictureNode:
    return PictureNode(name=name, kind="function", state=state)


MISTAKES = {
    "a name that stands twice": ((node("a"), node("a")), ()),
    "an unknown state": ((node("a", "happy"),), ()),
    "an unknown kind": ((PictureNode(name="a", kind="drum"),), ()),  # type: ignore[arg-type]
    "an edge from nowhere": ((node("a"),), (PictureEdge(source="b", target="a"),)),
    "an edge to nowhere": ((node("a"),), (PictureEdge(source="a", target="b"),)),
    "an edge that leads back": ((node("a"), node("b")), (PictureEdge(source="b", target="a"),)),
    "an edge onto itself": ((node("a"),), (PictureEdge(source="a", target="a"),)),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_what_is_no_picture_is_refused(name: str):
    nodes, edges = MISTAKES[name]
    with pytest.raises(ValueError, match="the picture of p is not one"):
        Picture(name="p", nodes=nodes, edges=edges)


def test_all_mistakes_are_told_at_once():
    edges = (PictureEdge(source="b", target="a"), PictureEdge(source="a", target="c"))
    with pytest.raises(ValueError, match=r"'happy'.*'b'.*'c'"):
        Picture(name="p", nodes=(node("a", "happy"),), edges=edges)


def test_several_parameters_fed_by_one_node_are_one_arrow():
    edges = tuple(PictureEdge(source="a", target="b", label=word) for word in ("x", "", "y"))
    picture = Picture(name="p", nodes=(node("a"), node("b")), edges=edges)
    assert picture.arrows() == {("a", "b"): "x, y"}


def test_a_summary_counts_nodes_edges_and_states():
    nodes = (node("a", "fresh"), node("b", "failed"), node("c", "fresh"), node("d"))
    edges = (PictureEdge(source="a", target="b"),)
    picture = Picture(name="p", nodes=nodes, edges=edges)
    assert summary(picture) == "4 nodes, 1 edge · 2 fresh, 1 failed"


LINES = {
    "lines and tabs become spaces": ("a\n\tb\r\n c", "a b c"),
    "escape sequences lose their escape": ("\x1b[31mred", "\ufffd[31mred"),
    "the direction of text cannot be turned": ("a\u202eb", "a\ufffdb"),
    "what XML forbids": ("\x00\x0b\ufffe\ud800x", "\ufffd \ufffd\ufffdx"),
    "words of any script": ("日本語 é ü ق 🎉", "日本語 é ü ق 🎉"),
    "emoji that are joined": ("👩\u200d🔬", "👩\u200d🔬"),
}


@pytest.mark.parametrize("name", LINES)
def test_text_becomes_one_harmless_line(name: str):
    text, shown = LINES[name]
    assert one_line(text) == shown


@pytest.mark.parametrize(
    ("text", "count"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("🎉", 2), ("❤\ufe0f", 2), ("", 0)]
)
def test_columns_of_a_terminal_are_counted_as_it_does(text: str, count: int):
    assert width(text, columns) == count


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("prices", 6, "prices"),
        ("prices", 5, "pric…"),
        ("prices", 1, "…"),
        ("prices", 0, ""),
        ("two words", 5, "two…"),
        ("日本語", 4, "日…"),
        ("日本語", 5, "日本…"),
    ],
)
def test_text_is_cut_to_what_there_is_room_for(text: str, limit: int, shown: str):
    assert cut(text, limit, columns) == shown
