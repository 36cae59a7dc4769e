"""What an `Output` widget shows of a Result, and of a failure where it happened."""

from __future__ import annotations

import html
import re
from typing import Any

from nbnodes.result import CallError, CellError, CellRun, Failure, Success
from nbnodes.views.shown import shown

RED, PLAIN = "\x1b[0;31m", "\x1b[0m"


def printed(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def result(value: Any, *outputs: dict[str, Any], document: Any = None) -> Success:
    cells = (CellRun(ordinal=0, outputs=outputs),)
    return Success(name="it", engine="", value=value, cells=cells, document=document)


def failure(error: CellError, *outputs: dict[str, Any], document: Any = lambda _: {}) -> Failure:
    cells = (CellRun(ordinal=0, outputs=outputs),)
    return Failure(name="oil <prices>", engine="", error=error, cells=cells, document=document)


def card(error: CellError) -> tuple[str, list[str]]:
    """Return a failure's card, and the text of its parts."""
    (output,) = shown(failure(error))
    drawn = output["data"]["text/html"]
    parts = re.findall(r"<p[^>]*>(.*?)</p>|<pre[^>]*>(.*?)</pre>", drawn, re.DOTALL)
    return drawn, [html.unescape(p or pre) for p, pre in parts]


BROKEN = CellError(
    ename="KeyError",
    evalue="<date>",
    traceback=(f"{RED}Traceback{PLAIN}", *(f"line {n} < {n + 1}" for n in range(20)), "KeyError"),
    cell_index=6,
)


def test_a_failure_names_the_notebook_the_cell_and_the_error() -> None:
    _, (place, title, _) = card(BROKEN)
    assert place == "oil <prices>, cell 7"
    assert title == "KeyError: <date>"


def test_a_failure_shows_the_last_lines_of_the_traceback_without_colours() -> None:
    _, (_, _, traced) = card(BROKEN)
    assert traced.split("\n") == [f"line {n} < {n + 1}" for n in range(9, 20)] + ["KeyError"]
    _, (_, _, short) = card(
        CellError(ename="E", evalue="", traceback=(f"{RED}one{PLAIN}\ntwo",), cell_index=0)
    )
    assert short == "one\ntwo"


def test_what_a_failure_says_is_no_markup() -> None:
    drawn, _ = card(BROKEN)
    assert set(re.findall(r"</?\w+", drawn)) == {"<div", "</div", "<p", "</p", "<pre", "</pre"}
    assert "&lt;date&gt;" in drawn
    assert "oil &lt;prices&gt;" in drawn


def test_a_failure_without_words_or_traceback_has_a_short_card() -> None:
    _, parts = card(CellError(ename="StopIteration", evalue="", cell_index=0))
    assert parts == ["oil <prices>, cell 1", "StopIteration"]


def test_a_functions_failure_names_no_cell_and_stands_below_what_was_printed() -> None:
    error = CallError(ename="ValueError", evalue="no")
    outputs = shown(failure(error, printed("so far\n"), document=None))
    assert outputs[0] == printed("so far\n")
    assert "cell" not in outputs[1]["data"]["text/html"]
    assert outputs[1]["data"]["text/plain"] == "ValueError: no"


def test_a_functions_value_stands_below_what_it_printed() -> None:
    outputs = shown(result(5, printed("hello\n")))
    assert outputs[0] == printed("hello\n")
    assert outputs[1]["data"] == {"text/plain": "5"}


def test_a_notebooks_value_stands_for_all_that_it_displayed() -> None:
    value = {"output_type": "execute_result", "data": {"text/plain": "5"}, "metadata": {"a": 1}}
    (output,) = shown(result(5, printed("hello\n"), value, document=lambda _: {}))
    assert output == {**value, "output_type": "display_data"}


def test_a_notebook_without_a_value_shows_all_that_it_displayed() -> None:
    assert shown(result(None, printed("hello\n"), document=lambda _: {})) == (printed("hello\n"),)


def test_nothing_is_shown_as_nothing_and_text_as_text() -> None:
    assert shown(result(None)) == ()
    assert shown(result("")) == ()
    assert shown(result("text")) == (printed("text"),)
