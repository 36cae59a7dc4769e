"""An SVG says everything in words, stands in any page, and is the same each time."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from nbnodes.graph.drawing.layout import lay_out
from nbnodes.graph.drawing.measure import one_line
from nbnodes.graph.drawing.picture import STATES, Picture, PictureEdge, PictureNode
from nbnodes.graph.drawing.style import DARK, LIGHT, Palette
from nbnodes.graph.drawing.svg import svg

NASTY = 'a"b<c>&[d](e)|end;\n%%'


def picture(*names: str, edges: tuple[tuple[str, str], ...] = (), **more: str) -> Picture:
    return Picture(
        name="analysis",
        nodes=tuple(PictureNode(name=name, kind="notebook", **more) for name in names),
        edges=tuple(PictureEdge(source=s, target=t, label=s) for s, t in edges),
    )


def elements(drawn: str, tag: str, style: str = "") -> list[ElementTree.Element]:
    found = ElementTree.fromstring(drawn).iter(f"{{http://www.w3.org/2000/svg}}{tag}")
    return [element for element in found if style in element.get("class", "").split() or not style]


def words(drawn: str) -> str:
    return " ".join("".join(text.itertext()) for text in elements(drawn, "text"))


DIAMOND = picture("a", "b", "c", "d", edges=(("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")))


def test_every_node_is_a_box_and_every_edge_a_line_with_a_head():
    drawn = svg(DIAMOND)
    assert len(elements(drawn, "rect", "nb-box")) == 4
    assert len(elements(drawn, "path", "nb-line")) == 4
    assert len(elements(drawn, "path", "nb-head")) == 4
    assert [label.get("class") for label in elements(drawn, "text", "nb-label")] == ["nb-label"] * 4


def test_a_symmetric_graph_is_drawn_symmetrically():
    a, b, c, d = (box.x + box.width / 2 for box in lay_out(DIAMOND).boxes)
    assert a == d
    assert abs((b + c) / 2 - a) <= 1


def test_lines_that_need_not_cross_do_not():
    names = ("a", "b", "c", "d", "e", "f")
    pairs = (("a", "f"), ("b", "e"), ("c", "d"), ("a", "e"), ("b", "d"))
    boxes = {box.node.name: box.x for box in lay_out(picture(*names, edges=pairs)).boxes}
    upper, lower = (sorted(row, key=lambda name: boxes[name]) for row in ("abc", "def"))
    assert (upper, lower) in (
        (["a", "b", "c"], ["f", "e", "d"]),
        (["c", "b", "a"], ["d", "e", "f"]),
    )


def test_a_chain_is_one_straight_line():
    names = ["prices", "a longer name", "x", "y"]
    plane = lay_out(picture(*names, edges=tuple(pairwise(names))))
    assert len({x for line in plane.lines for x, _ in line.points}) == 1


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_told_by_its_word_and_an_icon(state: str):
    drawn = svg(picture("prices", state=state, reason="it had to be", detail="0.3 s"))
    assert f"{state} · it had to be · 0.3 s" in words(drawn)
    assert len(elements(drawn, "path", "nb-state")) == 1
    assert f"prices (notebook): {state} · it had to be · 0.3 s" in drawn


def test_nasty_text_arrives_as_it_is():
    drawn = svg(
        Picture(
            name=NASTY,
            nodes=(
                PictureNode(name=NASTY, kind="cell", reason=NASTY, detail=NASTY),
                PictureNode(name="b", kind="input"),
            ),
            edges=(PictureEdge(source=NASTY, target="b", label=NASTY),),
        )
    )
    shown = 'a"b<c>&[d](e)|end; %%'
    titles = ["".join(title.itertext()) for title in elements(drawn, "title")]
    assert f"Graph of {shown}" in titles
    assert f"{shown} → b ({shown})" in titles
    assert f"{shown} (cell): {shown} · {shown}" in titles


def test_long_names_are_cut_and_told_in_full_beside():
    name = "a very long name of a notebook that does not fit any box at all"
    drawn = svg(picture(name, state="failed", reason="because of " * 20))
    assert name not in words(drawn)
    assert "a very long name" in words(drawn)
    assert words(drawn).count("…") == 2
    assert any(name in (title.text or "") for title in elements(drawn, "title"))
    assert float(elements(drawn, "svg")[0].get("width", "")) < 320


def test_a_box_names_its_node_to_programs():
    drawn = svg(picture(NASTY, "b"))
    assert [group.get("data-node") for group in elements(drawn, "g")] == [one_line(NASTY), "b"]


def test_what_is_told_may_change_while_everything_stays_in_its_place():
    plane = lay_out(picture("a", state="running", reason="computing"))
    now = picture("a", state="fresh", reason="because of " * 20)
    moved = replace(plane, boxes=tuple(replace(box, node=now.nodes[0]) for box in plane.boxes))
    drawn = svg(now, moved)
    assert elements(drawn, "rect", "nb-box")[0].get("width") == f"{plane.boxes[0].width:g}"
    assert words(drawn).startswith("a fresh · bec")


@pytest.mark.parametrize(("names", "boxes"), [((), 0), (("one",), 1), (("one", "two", "three"), 3)])
def test_a_graph_may_have_no_edges_and_no_nodes(names: tuple[str, ...], boxes: int):
    drawn = svg(picture(*names))
    assert len(elements(drawn, "rect", "nb-box")) == boxes
    assert ("no nodes" in words(drawn)) == (not names)


def test_a_screen_reader_is_told_what_is_drawn():
    drawn = svg(DIAMOND)
    root = elements(drawn, "svg")[0]
    named = {element.get("id"): element.text for element in root if element.get("id")}
    title, description = (named[name] for name in root.get("aria-labelledby", "").split())
    assert root.get("role") == "img"
    assert title == "Graph of analysis"
    assert description is not None
    assert description.startswith("4 nodes, 4 edges.")
    assert "d (notebook), from b, c." in description


def test_a_style_touches_nothing_but_its_own_drawing():
    drawn = svg(DIAMOND)
    root = elements(drawn, "svg")[0].get("class")
    rules = "".join(elements(drawn, "style")[0].itertext())
    flat = rules.replace("@media (prefers-color-scheme:dark){", "").replace("}}", "}")
    selectors = [part for rule in flat.split("}") if rule for part in rule.split("{")[0].split(",")]
    assert selectors
    assert all(selector.startswith(f".{root} ") for selector in selectors)
    assert "@media (prefers-color-scheme:dark)" in rules


def test_drawings_on_one_page_share_no_id():
    ids = [set(re.findall(r' id="([^"]+)"', svg(p))) for p in (DIAMOND, picture("a"))]
    assert len(ids[0]) == len(ids[1]) == 2
    assert not ids[0] & ids[1]


def test_nothing_comes_from_elsewhere_and_nothing_runs():
    drawn = svg(DIAMOND).replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"href|url\(|https?:|@import|<script|\son\w+=|foreignObject", drawn)


def test_the_same_picture_gives_the_same_text_in_every_process():
    program = (
        "from nbnodes.graph.drawing.picture import *; from nbnodes.graph.drawing.svg import svg;"
        "names = ['a', 'b', 'c', 'd', 'e'];"
        "nodes = tuple(PictureNode(name=n, kind='cell', state='stale') for n in names);"
        "pairs = [(s, t) for s in names for t in names if s < t];"
        "edges = tuple(PictureEdge(source=s, target=t, label=s) for s, t in pairs);"
        "print(svg(Picture(name='p', nodes=nodes, edges=edges)))"
    )
    drawn = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(drawn) == 1
    assert elements(drawn.pop().decode(), "path", "nb-head")


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(palette: Palette):
    pairs = [(palette.muted, palette.page), (palette.muted, palette.tones[""].fill)]
    for tone in palette.tones.values():
        pairs += [(ink, tone.fill) for ink in (palette.name, palette.muted, tone.word)]
    weak = [(ink, paper) for ink, paper in pairs if contrast(ink, paper) < 4.5]
    assert weak == []


def test_a_node_that_feeds_very_many_has_them_in_several_rows():
    names = ["source", *(f"target {index}" for index in range(60))]
    plane = lay_out(picture(*names, edges=tuple(("source", name) for name in names[1:])))
    rows = {box.y for box in plane.boxes}
    assert len(rows) > 4
    assert plane.width < 3 * plane.height


def test_lines_without_number_are_not_drawn_through_but_told_at_their_ends():
    names = [f"n{index}" for index in range(300)]
    edges = {*pairwise(names), *((name, names[-1]) for name in names[:-1])}
    drawn = svg(picture(*names, edges=tuple(sorted(edges))))
    assert len(elements(drawn, "path", "nb-head")) == len(edges)
    assert 0 < len(elements(drawn, "path", "nb-broken")) < 299
    assert "↑ n0" in words(drawn)


@pytest.mark.parametrize("shape", ["chain", "fan"])
def test_ten_thousand_nodes_can_be_drawn(shape: str):
    names = [f"n{index}" for index in range(10_000)]
    edges = tuple(pairwise(names)) if shape == "chain" else tuple((names[0], n) for n in names[1:])
    assert svg(picture(*names, edges=edges)).count('class="nb-box"') == 10_000


def contrast(ink: str, paper: str) -> float:
    """Return the contrast of two colours as WCAG 2 defines it."""
    light, dark = sorted((luminance(ink), luminance(paper)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
