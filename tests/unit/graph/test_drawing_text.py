"""A terminal shows a graph as lines that can be read alone, with rails for the eye."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest

from nbnodes.graph.drawing.picture import STATES, Picture, PictureEdge, PictureNode
from nbnodes.graph.drawing.rails import rails
from nbnodes.graph.drawing.text import text


def picture(*nodes: PictureNode, edges: str = "") -> Picture:
    """Make a picture; its edges as "a>b a>c:label"."""
    pairs = re.findall(r"(\w+)>(\w+):?(\w*)", edges)
    made = tuple(PictureEdge(source=s, target=t, label=label) for s, t, label in pairs)
    return Picture(name="p", nodes=nodes, edges=made)


def node(name: str, state: str = "", **more: str) -> PictureNode:
    return PictureNode(name=name, kind="cell", state=state, **more)


def drawn(expected: str) -> str:
    return dedent(expected).strip("\n")


DIAMOND = picture(*map(node, "abcd"), edges="a>b a>c b>d c>d")


def test_a_diamond():
    assert text(DIAMOND) == drawn("""
        p: 4 nodes, 4 edges
        •    a  cell
        ├─•  b  cell  ← a
        • │  c  cell  ← a
        •─┘  d  cell  ← b, c
        """)


def test_a_diamond_in_ascii():
    assert text(DIAMOND, ascii_only=True) == drawn("""
        p: 4 nodes, 4 edges
        *    a  cell
        +-*  b  cell  <- a
        * |  c  cell  <- a
        *-'  d  cell  <- b, c
        """)


def test_states_reasons_details_and_inputs_are_all_told():
    prices = PictureNode(name="prices", kind="notebook", state="fresh", detail="0.3 s")
    window = PictureNode(name="window", kind="input", detail="12")
    trend = PictureNode(name="trend", kind="function", state="failed", reason="ValueError")
    shown = picture(prices, window, trend, edges="prices>trend:frame window>trend:window")
    assert text(shown) == drawn("""
        p: 3 nodes, 2 edges · 1 fresh, 1 failed
        ✓    prices  notebook  fresh   0.3 s
        │ •  window  input             12
        ✗─┘  trend   function  failed  ← frame=prices, window  · ValueError
        """)


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_told_by_its_word_and_a_sign_of_its_own(state: str):
    others = [text(picture(node("a", other))).splitlines()[1][0] for other in STATES]
    line = text(picture(node("a", state))).splitlines()[1]
    assert f" {state}" in line
    assert others.count(line[0]) == 1


def test_signs_in_ascii_are_neither_each_other_nor_a_rail():
    signs = [text(picture(node("a", s)), ascii_only=True).splitlines()[1][0] for s in STATES]
    assert len(set(signs)) == len(STATES)
    assert not set(signs) & set("|-+'`")


RAILS = {
    "nothing": ([], []),
    "alone": ([[], []], ["*", "*"]),
    "a chain": ([[], [0], [1]], ["*", "*", "*"]),
    "a fan": ([[], [0], [0], [0]], ["*", "├─*", "├─*", "*"]),
    "a fan in": ([[], [], [], [0, 1, 2]], ["*", "│ *", "│ │ *", "*─┴─┘"]),
    "a rail that passes": ([[], [], [0], [1]], ["*", "│ *", "* │", "  *"]),
    "a rail that is crossed": ([[], [], [0], [0, 1]], ["*", "│ *", "├─│─*", "*─┘"]),
    "a rail that goes on": ([[], [], [0, 1], [1]], ["*", "│ *", "*─┤", "  *"]),
}


@pytest.mark.parametrize("name", RAILS)
def test_rails_lead_from_each_node_to_what_it_feeds(name: str):
    inputs, expected = RAILS[name]
    assert rails(inputs, 10) == expected


def test_where_there_would_be_too_many_rails_there_are_none():
    inputs: list[list[int]] = [*([] for _ in range(9)), list(range(9))]
    assert rails(inputs, 8) is None
    nodes = [node(f"n{index}") for index in range(30)]
    edges = " ".join(f"n{index}>n29" for index in range(29))
    lines = text(picture(*nodes, edges=edges)).splitlines()
    assert [line[:4] for line in lines[1:]] == ["•  n"] * 30
    assert "← n0, n1, n2" in lines[-1]


def test_long_lines_are_cut_with_an_ellipsis():
    shown = picture(node("a", "failed", reason="because of " * 20), node("b" * 100))
    lines = text(shown, 40).splitlines()
    assert [len(line) for line in lines] == [30, 40, 40]
    assert all(line.endswith("…") for line in lines[1:])
    assert all(line.endswith("...") for line in text(shown, 40, ascii_only=True).splitlines()[1:])


def test_columns_are_aligned_where_characters_are_wide():
    lines = text(picture(node("日本語"), node("prices"), node("e\u0301"))).splitlines()
    assert [line.index("cell") for line in lines[1:]] == [8, 11, 12]


def test_names_cannot_steer_the_terminal():
    assert "\x1b" not in text(picture(node("\x1b[2J", reason="\x1b[31m\n")))
    assert len(text(picture(node("a\nb"))).splitlines()) == 2


def test_ascii_alone_is_ascii_whatever_the_names():
    shown = text(picture(node("日本", reason="é")), ascii_only=True)
    assert shown.isascii()
    assert "\\u65e5\\u672c" in shown


def test_colours_add_nothing_but_colours():
    nodes = [node(state, state, reason="why", detail="0.1 s") for state in STATES]
    shown = picture(*nodes, edges="fresh>stale stale>queued fresh>failed")
    coloured = text(shown, 60, color=True)
    assert "\x1b[32m✓\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == text(shown, 60)
    assert "\x1b" not in text(shown, 60)


def test_a_graph_without_nodes():
    assert text(picture()) == "p: no nodes"
