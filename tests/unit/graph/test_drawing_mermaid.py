"""A Mermaid flowchart shows what there is, and no name breaks its grammar."""

from __future__ import annotations

import pytest

from nbnodes.graph.drawing.mermaid import mermaid
from nbnodes.graph.drawing.picture import STATES, Picture, PictureEdge, PictureNode


def chart(*nodes: PictureNode, edges: tuple[PictureEdge, ...] = ()) -> list[str]:
    drawn = mermaid(Picture(name="p", nodes=nodes, edges=edges))
    return [line.strip() for line in drawn.splitlines()]


def node(name: str, **more: str) -> PictureNode:
    return PictureNode(name=name, kind="notebook", **more)  # type: ignore[arg-type]


def test_a_small_graph():
    prices = PictureNode(name="prices", kind="notebook", state="fresh", detail="0.3 s")
    window = PictureNode(name="window", kind="input")
    trend = PictureNode(name="trend", kind="function", state="failed", reason="ValueError")
    edges = (
        PictureEdge(source="prices", target="trend", label="frame"),
        PictureEdge(source="window", target="trend"),
    )
    assert chart(prices, window, trend, edges=edges)[:6] == [
        "flowchart TD",
        'n0["prices<br/>✓ fresh · 0.3 s"]',
        'n1(["window"])',
        'n2("trend<br/>✗ failed · ValueError")',
        'n0 -->|"frame"| n2',
        "n1 --> n2",
    ]


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_told_by_word_icon_and_class(state: str):
    lines = chart(node("a", state=state))
    assert lines[1].endswith(f' {state}"]')
    assert any(line.startswith(f"classDef {state} fill:") for line in lines)
    assert f"class n0 {state}" in lines


def test_every_kind_has_a_shape_and_a_class():
    kinds = ("notebook", "function", "cell", "input")
    lines = chart(*(PictureNode(name=kind, kind=kind) for kind in kinds))
    assert lines[1:5] == ['n0["notebook"]', 'n1("function")', 'n2[["cell"]]', 'n3(["input"])']
    assert [f"class n{index} {kind}" in lines for index, kind in enumerate(kinds)] == [True] * 4


NAMES = {
    "every mark at once": (
        'a"b<c>&[d](e)|end;\n%%',
        "a#34;b#60;c#62;#38;#91;d#93;#40;e#41;#124;end#59; #37;#37;",
    ),
    "the word that ends a subgraph": ("end", "end"),
    "an entity of its own": ("#35; &amp;", "#35;35#59; #38;amp#59;"),
    "Markdown": ("**b** `c` _d_", "#42;#42;b#42;#42; #96;c#96; #95;d#95;"),
    "Markdown's lists": ("1. one - two", "1#46; one #45; two"),
    "formulas": ("$$x$$", "#36;#36;x#36;#36;"),
    "backslashes": ("\\n", "#92;n"),
    "ordinary names": ("step_1.5 two-fold a,b x=1", "step_1.5 two-fold a,b x=1"),
    "other scripts": ("日本語 é 🎉", "日本語 é 🎉"),
    "what stands for entities within Mermaid": ("ﬂ°°35¶ß", "ﬂ#176;#176;35#182;ß"),
    "nothing to be seen": (" ", "#160;"),
}


@pytest.mark.parametrize("case", NAMES)
def test_names_and_labels_are_kept_from_the_grammar(case: str):
    name, escaped = NAMES[case]
    edge = PictureEdge(source=name, target="b", label=name)
    lines = chart(node(name, reason=name), node("b"), edges=(edge,))
    assert lines[1].startswith(f'n0["{escaped}')
    assert lines[3] == ("n0 --> n1" if name == " " else f'n0 -->|"{escaped}"| n1')


def test_a_graph_without_nodes_is_a_chart_all_the_same():
    assert chart() == ["flowchart TD", 'n0["no nodes"]']
