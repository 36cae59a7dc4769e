"""Whatever graph is drawn: lines lead down, nothing covers anything, and all formats hold it."""

from __future__ import annotations

import unicodedata
from itertools import combinations, pairwise
from xml.etree import ElementTree

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbnodes.graph.drawing.crossings import crossings, untangle
from nbnodes.graph.drawing.layers import layered, ranks
from nbnodes.graph.drawing.layout import lay_out
from nbnodes.graph.drawing.measure import columns, one_line, pixels, width
from nbnodes.graph.drawing.mermaid import mermaid
from nbnodes.graph.drawing.part import ARROW, LABEL, LABEL_SIZE
from nbnodes.graph.drawing.picture import KINDS, STATES, Picture, PictureEdge, PictureNode
from nbnodes.graph.drawing.plane import Box, Line, Point
from nbnodes.graph.drawing.svg import svg
from nbnodes.graph.drawing.text import text

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)
WORDS = st.sampled_from(["", "x", "prices", "a_rather_long_parameter_name"])
NAMES = st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=8, unique=True)


@st.composite
def dags(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    count = draw(st.integers(1, 40))
    if count == 1:
        return 1, []
    number = st.integers(0, count - 1)
    pairs = st.tuples(number, number).filter(lambda p: p[0] != p[1]).map(lambda p: (min(p), max(p)))
    most = draw(st.sampled_from([count // 2, count, 2 * count]))
    return count, draw(st.lists(pairs, max_size=most, unique=True))


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    count, edges = draw(dags())
    states = draw(st.lists(st.sampled_from(["", *STATES]), min_size=count, max_size=count))
    nodes = tuple(
        PictureNode(
            name="node" * (1 + index % 5) + str(index),
            kind=KINDS[index % 4],
            state=state,
            reason="because of it" * (index % 3),
        )
        for index, state in enumerate(states)
    )
    return Picture(
        name="any",
        nodes=nodes,
        edges=tuple(
            PictureEdge(source=nodes[s].name, target=nodes[t].name, label=draw(WORDS))
            for s, t in edges
        ),
    )


@st.composite
def odd_pictures(draw: st.DrawFn) -> Picture:
    names = draw(NAMES)
    words = st.text(max_size=12)
    nodes = tuple(
        PictureNode(name=name, kind="cell", state="failed", reason=draw(words), detail=draw(words))
        for name in names
    )
    edges = tuple(PictureEdge(source=a, target=b, label=draw(words)) for a, b in pairwise(names))
    return Picture(name=draw(words), nodes=nodes, edges=edges)


@settings(PATIENT)
@given(dags())
def test_every_edge_leads_down_through_one_bend_in_each_layer_between(dag):
    count, edges = dag
    rank = ranks(count, edges)
    assert min(rank) == 0
    assert set(rank) == set(range(max(rank) + 1))
    made = layered(count, edges)
    layer = {vertex: index for index, row in enumerate(made.rows) for vertex in row}
    assert sorted(layer) == list(range(len(made.above)))
    assert made.broken == []
    for source, target in edges:
        assert rank[source] < rank[target]
        way = [source, *made.bends.get(source, [])[: rank[target] - rank[source] - 1], target]
        assert [layer[vertex] for vertex in way] == [*range(rank[source], rank[target] + 1)]
        assert all(lower in made.below[upper] for upper, lower in pairwise(way))


@settings(PATIENT)
@given(dags())
def test_untangling_keeps_every_layer_and_adds_no_crossing(dag):
    made = layered(*dag)
    before = [sorted(row) for row in made.rows]
    crossed = crossings(made.rows, made.below)
    untangle(made)
    assert [sorted(row) for row in made.rows] == before
    assert crossings(made.rows, made.below) <= crossed


@settings(PATIENT)
@given(dags())
def test_crossings_are_counted_as_one_would_by_hand(dag):
    made = layered(*dag)
    place = {vertex: index for row in made.rows for index, vertex in enumerate(row)}
    by_hand = 0
    for row in made.rows:
        lines = [(place[upper], place[lower]) for upper in row for lower in made.below[upper]]
        by_hand += sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for a, b in combinations(lines, 2))
    assert crossings(made.rows, made.below) == by_hand


@settings(PATIENT)
@given(pictures())
def test_boxes_keep_their_distance_and_all_are_inside(picture: Picture):
    plane = lay_out(picture)
    assert [box.node for box in plane.boxes] != []
    assert {box.node for box in plane.boxes} == set(picture.nodes)
    for box in plane.boxes:
        assert 0 <= box.x <= box.x + box.width <= plane.width
        assert 0 <= box.y <= box.y + box.height <= plane.height
    areas = [(b.x - 13, b.y, b.x + b.width + 13, b.y + b.height) for b in plane.boxes]
    assert not any(overlap(a, b) for a, b in combinations(areas, 2))


@settings(PATIENT)
@given(pictures())
def test_every_line_keeps_its_distance_from_foreign_boxes(picture: Picture):
    plane = lay_out(picture)
    for line in plane.lines:
        own = {line.source, line.target}
        for box in plane.boxes:
            if box.node.name not in own:
                assert not any(is_at(point, box) for point in course(line))


@settings(PATIENT)
@given(pictures())
def test_lines_lead_from_the_foot_of_their_source_to_the_head_of_their_target(picture: Picture):
    plane = lay_out(picture)
    boxes = {box.node.name: box for box in plane.boxes}
    shared = {line.source: line for line in plane.lines if line.target is None}
    drawn = [line for line in plane.lines if line.target is not None]
    assert sorted((line.source, line.target) for line in drawn) == sorted(picture.arrows())
    for line in [*drawn, *shared.values()]:
        source = boxes[line.source]
        starts = [(source.x + source.width / 2, source.y + source.height)]
        if line.source in shared and line.target is not None:
            starts += shared[line.source].points
        assert line.points[0] in starts
        assert all(upper[1] < lower[1] for upper, lower in pairwise(line.points))
    for line in drawn:
        target, (x, y) = boxes[line.target], line.points[-1]
        assert target.x < x < target.x + target.width
        assert y == target.y


@settings(PATIENT)
@given(pictures())
def test_no_label_covers_a_label_or_a_box(picture: Picture):
    plane = lay_out(picture)
    labels = [label_area(line) for line in plane.lines if line.shown]
    areas = [(b.x, b.y, b.x + b.width, b.y + b.height) for b in plane.boxes]
    assert not any(overlap(a, b) for a, b in combinations(labels, 2))
    assert not any(overlap(label, area) for label in labels for area in areas)


@settings(PATIENT)
@given(odd_pictures())
def test_any_text_is_held_by_an_svg(picture: Picture):
    root = ElementTree.fromstring(svg(picture))
    titles = [title.text for title in root.iter("{http://www.w3.org/2000/svg}title")]
    for node in picture.nodes:
        assert any((title or "").startswith(one_line(f"{node.name} (")) for title in titles)


@settings(PATIENT)
@given(odd_pictures())
def test_any_text_is_held_by_a_mermaid_chart(picture: Picture):
    lines = mermaid(picture).removesuffix("\n").split("\n")
    assert lines[0] == "flowchart TD"
    for index, line in enumerate(lines[1 : len(picture.nodes) + 1]):
        assert line.startswith(f'    n{index}[["')
        assert line.endswith('"]]')
        assert line.count('"') == 2
        assert not set(line.strip()[6:-3].replace("<br/>", "")) & set("\"'`<>[](){}|\\~*$%&\n")


@settings(PATIENT)
@given(odd_pictures() | pictures(), st.integers(1, 120), st.booleans())
def test_no_line_of_a_text_is_wider_than_the_terminal(picture: Picture, limit: int, plain: bool):
    lines = text(picture, limit, ascii_only=plain).split("\n")
    assert len(lines) == len(picture.nodes) + 1
    assert all(width(line, columns) <= limit for line in lines)
    assert all(unicodedata.category(char) != "Cc" for line in lines for char in line)
    assert not plain or all(line.isascii() for line in lines)


def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def label_area(line: Line) -> tuple[float, ...]:
    x, y = line.points[-1]
    half = width(line.shown, pixels(LABEL_SIZE)) / 2
    return x - half, y - ARROW - LABEL + 2, x + half, y - ARROW


def is_at(point: Point, box: Box) -> bool:
    """Whether a point is in a box or so near beside it that it seems to be."""
    beside = box.x - 20 < point[0] < box.x + box.width + 20
    return beside and box.y < point[1] < box.y + box.height


def course(line: Line) -> list[Point]:
    """Return points all along a line, its curves as they are drawn."""
    found = []
    for (x1, y1), (x2, y2) in pairwise(line.points):
        for step in range(21):
            t = step / 20
            ease = 3 * (1 - t) * t * t + t**3  # the control points stand above and below the ends
            lean = 1.5 * (1 - t) ** 2 * t + 1.5 * (1 - t) * t * t + t**3
            found.append((x1 + (x2 - x1) * ease, y1 + (y2 - y1) * lean))
    return found
