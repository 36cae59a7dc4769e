"""A Result becomes blocks: in an order that people expect, in the richest form a page can show."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from typing import Any

import pytest
from notebooks import notebook

from nbnodes.page.drawing.block import Block
from nbnodes.page.drawing.blocks import blocks_of
from nbnodes.result import CallError, CellError, CellRun, Failure, Result, Success

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 40).decode()
RUN = {"name": "f.ipynb", "engine": "inprocess"}


def displayed(bundle: dict[str, Any], metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"output_type": "display_data", "data": bundle, "metadata": metadata or {}}


def returned(bundle: dict[str, Any]) -> dict[str, Any]:
    return displayed(bundle) | {"output_type": "execute_result", "execution_count": 1}


def printed(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def ran(*cells: list[dict[str, Any]], value: Any = None) -> Success:
    runs = tuple(CellRun(ordinal=i, outputs=tuple(outputs)) for i, outputs in enumerate(cells))
    return Success(**RUN, cells=runs, value=value)


def drawn(result: Result, made: Any = None, **more: Any) -> tuple[Block, ...]:
    return blocks_of(result, made, frame=more.pop("frame", lambda _: "/frames/1"), **more)


def shown(bundle: dict[str, Any], metadata: dict[str, Any] | None = None, **more: Any) -> str:
    return "".join(b.html for b in drawn(ran([displayed(bundle, metadata)]), **more))


def test_the_value_comes_first_then_what_was_displayed_then_what_was_printed():
    made = notebook("a", "b", ("c", "return", "col:6"))
    result = ran(
        [printed("one\n"), printed("two\n")],
        [displayed({"text/plain": "shown"})],
        [returned({"text/plain": "610"})],
        value=610,
    )
    blocks = drawn(result, made)
    assert [block.kind for block in blocks] == ["value", "output", "printed"]
    assert "610" in blocks[0].html
    assert blocks[0].tags == ("return", "col:6")
    assert "one\ntwo" in blocks[2].html


def test_a_cell_tagged_hide_shows_nothing():
    made = notebook(("a", "hide"), ("b", "return"))
    result = ran([printed("secret"), displayed({"text/plain": "secret"})], [], value=1)
    assert [block.kind for block in drawn(result, made)] == ["value"]


def test_without_a_return_cell_the_outputs_stay_in_order():
    made = notebook("a", "b")
    result = ran([displayed({"text/plain": "first"})], [returned({"text/plain": "last"})])
    assert [b.kind for b in drawn(result, made)] == ["output", "output"]
    assert "first" in drawn(result, made)[0].html


def test_override_cells_that_did_not_run_are_not_counted():
    made = notebook(("n = 1", "parameters"), ("n = 2", "override"), ("n", "return", "tab:A"))
    result = ran([], [returned({"text/plain": "7"})], value=7)
    assert drawn(result, made)[0].tags == ("return", "tab:A")


def test_text_is_shown_as_text_and_no_value_is_said_so():
    assert "two lines\nof &lt;b&gt;" in drawn(ran(value="two lines\nof <b>"))[0].html
    assert drawn(ran())[0].html == '<p class="nb-nothing">No value</p>'


def test_a_failure_shows_its_cell_and_line_but_no_path_or_traceback():
    made = notebook("x = 1", "y = 2\nopen('/srv/secret/f.csv')")
    lines = ("File /srv/app/engine.py", "\x1b[31mCell In[2], line 2\x1b[0m", "boom")
    error = CellError(
        ename="FileNotFoundError",
        evalue="[Errno 2] No such file: '/srv/app/data/f.csv'",
        traceback=lines,
        cell_index=1,
    )
    failure = Failure(**RUN, error=error)
    (block,) = drawn(failure, made)
    assert block.kind == "error"
    assert "f.ipynb, cell 2" in block.html
    assert "<mark>→   2  open(" in block.html
    assert "…/f.csv" in block.html
    assert "/srv/app" not in block.html
    (debugged,) = drawn(failure, made, debug=True)
    assert "/srv/app/engine.py" in debugged.html
    assert "<details>" in debugged.html
    assert "\x1b" not in debugged.html


def test_a_function_that_fails_has_no_cell():
    error = CallError(ename="ValueError", evalue="no")
    (block,) = drawn(Failure(**RUN, error=error))
    assert "cell" not in block.html
    assert "ValueError: no" in block.html


def test_a_table_stands_apart_from_the_page():
    html = shown({"text/html": "<style>td{color:red}</style><table><tr><td>1", "text/plain": "1"})
    assert '<template shadowrootmode="open">' in html
    assert html.endswith("</td></tr></table></template></div>")
    assert "drawing.css" in shown({"text/html": "<b>1"}, style_url="/a/drawing.css")


def test_html_with_scripts_goes_into_a_frame():
    documents: list[str] = []

    def keep(document: str) -> str:
        documents.append(document)
        return "/frames/x?a&b"

    html = shown({"text/html": "<div id=a></div><script>run()</script>"}, frame=keep)
    assert 'sandbox="allow-scripts"' in html
    assert 'src="/frames/x?a&amp;b"' in html
    assert "<script>run()</script>" in documents[0]
    assert "nbnodes-height" in documents[0]


def test_a_script_of_another_host_is_told_of():
    assert "another host" in shown(
        {"text/html": "<script src='https://cdn.example/x.js'></script>"}
    )
    assert "another host" not in shown({"text/html": "<script>1</script>"})


@pytest.mark.parametrize(
    ("bundle", "expected"),
    [
        ({"text/markdown": "**b** $a^2$ and $$x$$"}, "<msup>"),
        ({"text/markdown": "| a |\n|---|\n| 1 |"}, "<td>1</td>"),
        ({"text/markdown": r"$\frac{$"}, '<code class="nb-formula">\\frac{</code>'),
        ({"text/markdown": r"$\text{</math><b>}$"}, "&lt;/math&gt;&lt;b&gt;"),
        ({"text/latex": r"$\displaystyle x^{2}$"}, 'display="block"'),
        ({"text/latex": "\\begin{tabular}{l}a\\end{tabular}"}, "\\begin{tabular}"),
        ({"text/latex": r"$\frac{$", "image/png": PNG}, "data:image/png"),
        ({"image/svg+xml": '<?xml version="1.0"?><svg viewBox="0 0 1 1"><path d="M0"/></svg>'},
         '<path d="M0"></path></svg>'),
        ({"image/png": PNG}, f'src="data:image/png;base64,{PNG}"'),
        ({"image/png": "<script>"}, "cannot be read"),
        ({"application/json": {"a": [1, None]}}, '<span class="nb-key">a</span>'),
        ({"application/javascript": "run()"}, "do not run"),
        ({"application/vnd.jupyter.widget-view+json": {}, "text/plain": "IntSlider()"},
         "IntSlider()"),
        ({"application/vnd.plotly.v1+json": {}, "text/plain": "Figure()"}, "Plotly figure"),
        ({"text/plain": "\x1b[31mred\x1b[0m <"}, '<span class="nb-ansi-fg-1">red</span> &lt;'),
        ({"text/plain": ["a\n", "b"]}, "a\nb"),
        ({"text/x-unknown": "words"}, "words"),
        ({"application/x-unknown": "words"}, "cannot show: application/x-unknown"),
    ],
)  # fmt: skip
def test_each_form_is_drawn(bundle: dict[str, Any], expected: str):
    assert expected in shown(bundle)


def test_a_picture_has_its_size_and_its_words():
    bundle = {"image/png": PNG, "text/plain": "<Figure size 640x480 with 1 Axes>"}
    html = shown(bundle, {"image/png": {"width": 320, "height": "x"}})
    assert 'width="320"' in html
    assert "height" not in html
    assert 'alt="Figure size 640x480 with 1 Axes"' in html
    assert 'alt="Rain"' in shown(bundle, {"image/png": {"alt": "Rain"}})


def test_what_is_long_is_cut_and_says_so():
    assert "900,000 characters more" in shown({"text/plain": "a" * 1_000_000})
    rows = "<tr><td>1</td></tr>" * 5000
    assert "4,000 rows more" in shown({"text/html": f"<table>{rows}</table>"})
    assert "more" in shown({"text/html": "word " * 100_000})
    assert "800 more" in shown({"application/json": list(range(1000))})


def test_json_of_any_depth_is_drawn():
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    assert "[…]" in shown({"application/json": deep})
    deep.append(deep)
    assert "<details" in shown({"application/json": deep})


def test_a_value_that_cannot_be_drawn_says_so():
    class Broken:
        def __repr__(self) -> str:
            raise OSError("/srv/secret")

    (block,) = drawn(ran(value=Broken()))
    assert "cannot be drawn" in block.html
    assert "/srv" not in block.html


VALUES = [10**20_000, float("nan"), b"\0\xff", "\ud800\0", -(2**70), []]


@pytest.mark.parametrize("value", VALUES, ids=[type(value).__name__ for value in VALUES])
def test_odd_values_are_drawn_as_text_that_a_page_can_hold(value: Any):
    (block,) = drawn(ran(value=value))
    assert block.html.encode("utf-8")
    assert "cannot be drawn" not in block.html
    assert "\0" not in block.html


def test_an_error_that_a_cell_may_raise_shows_no_traceback():
    error = {"output_type": "error", "ename": "E", "evalue": "<no>", "traceback": ["secret"]}
    (block,) = drawn(ran([error]))
    assert block.kind == "error"
    assert "E: &lt;no&gt;" in block.html
    assert "secret" not in block.html


def test_a_line_that_was_written_over_is_not_shown():
    (block,) = drawn(ran([printed("10%\r20%\r30%\r\ndone")]))
    assert ">30%\ndone<" in block.html


def test_of_what_is_long_the_last_lines_are_kept_as_well():
    lines = "".join(f"line {n}\n" for n in range(200_000))
    (block,) = drawn(ran([printed(lines)]))
    assert ">line 0\nline 1\n" in block.html
    assert "line 199999\n</pre>" in block.html
    last = block.html.rpartition("<pre")[2].partition(">")[2]
    assert re.match(r"line \d+\n", last)
    bars = "".join(f"\r{n}%" for n in range(200_000)) + "\ndone"
    assert "done</pre>" in drawn(ran([printed(bars)]))[0].html


def test_only_what_has_all_is_said_to_have_it():
    made = notebook("a", ("b", "return"))
    long = "word " * 100_000
    value, output, print_ = (
        block.html
        for block in drawn(
            ran([displayed({"text/html": long}), printed(long)], [], value=long), made
        )
    )
    assert "download the value to have them all" in value
    assert "more." in output
    assert "more." in print_
    kept = replace(ran([printed(long)], value=1), document=lambda _: {})
    assert "download the notebook to have them all" in drawn(kept)[1].html


@pytest.mark.parametrize(
    ("bundle", "is_limited"),
    [
        ({"text/html": "<div><style>a{}</style><table><tr><td>1</table><p>1 row</p></div>"}, True),
        ({"text/html": "<h1>Report</h1><table></table>" + "<p>long text</p>" * 50}, False),
        ({"text/html": "<b>x</b>"}, False),
        ({"text/markdown": "# Report\n\n" + "many words\n\n" * 50 + "| a |\n|--|\n| 1 |"}, False),
    ],
)
def test_a_table_scrolls_and_a_report_shows_whole(bundle: dict[str, Any], is_limited: bool):
    assert ('nb-apart nb-is-table"' in shown(bundle)) is is_limited


def test_reversed_colours_are_drawn_reversed():
    html = shown({"text/plain": "\x1b[31;7mone\x1b[27mtwo\x1b[0m"})
    assert '<span class="nb-ansi-fg-1 nb-ansi-reverse">one</span>' in html
    assert '<span class="nb-ansi-fg-1">two</span>' in html
