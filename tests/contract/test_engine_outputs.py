"""What cells print and display reaches the Result, on every engine."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cells import Run

from nbnodes.notebook.document import Cell
from nbnodes.result import Failure, Result

DISPLAY = "from IPython.display import HTML, display, clear_output"
PLOT = "import matplotlib.pyplot as plt"
LIMIT_BYTES = 100_000


def test_display_keeps_every_form_of_what_it_shows(run: Run) -> None:
    (shown,) = run(DISPLAY, "display(HTML('<b>x</b>'))").outputs
    assert (shown["output_type"], shown["data"]["text/html"]) == ("display_data", "<b>x</b>")
    assert {"text/plain", "text/html"} == set(shown["data"])


def test_the_last_expression_is_shown_unless_a_semicolon_ends_it(run: Run) -> None:
    (shown,) = run("40 + 1", "40 + 2;", "None").outputs
    assert (shown["output_type"], dict(shown["data"])) == ("execute_result", {"text/plain": "41"})


def test_an_updated_display_shows_only_the_last_state(run: Run) -> None:
    update = "display('old', display_id='a')\ndisplay('new', display_id='a', update=True);"
    assert texts(run(DISPLAY, update)) == ["'new'"]


def test_a_display_is_updated_from_a_later_cell(run: Run) -> None:
    result = run(
        DISPLAY, "handle = display('old', display_id=True)", "print(1)\nhandle.update('new')"
    )
    assert [texts(cell) for cell in result.cells] == [[], ["'new'"], ["1\n"]]


def test_clear_output_forgets_what_the_cell_showed(run: Run) -> None:
    result = run(
        DISPLAY, "print('kept')", "print('gone')\ndisplay(1)\nclear_output()\nprint('new')"
    )
    assert [texts(cell) for cell in result.cells] == [[], ["kept\n"], ["new\n"]]


def test_clear_output_that_waits_clears_only_when_something_new_comes(run: Run) -> None:
    result = run(
        DISPLAY,
        "print('kept')\nclear_output(wait=True)",
        "print('gone')\nclear_output(wait=True)\nprint('new')",
    )
    assert [texts(cell) for cell in result.cells] == [[], ["kept\n"], ["new\n"]]


def test_each_figure_is_shown_once_as_png_in_every_run(run: Run) -> None:
    draw = "plt.plot([1, 2])\nplt.figure()\nplt.plot([2, 1])"
    shown = [pngs(run(PLOT, f"{draw};", "print('no figure here')")) for _ in range(2)]
    assert shown == [["display_data", "display_data"]] * 2


def test_a_figure_that_a_cell_evaluates_to_is_png_too_in_every_run(run: Run) -> None:
    cells = (PLOT, "figure, axes = plt.subplots()", ("figure", "return"))
    shown = [pngs(run(*cells)) for _ in range(2)]
    assert shown == [["display_data", "execute_result"]] * 2


def test_shown_and_printed_things_keep_their_order(run: Run) -> None:
    assert texts(run(DISPLAY, "print('a')\ndisplay(1)\nprint('b')\n2")) == ["a\n", "1", "b\n", "2"]


def test_flushed_stdout_and_stderr_keep_their_order(run: Run) -> None:
    say = "\n".join(
        f"print({word!r}, file=sys.{stream}, flush=True)"
        for word, stream in [("a", "stdout"), ("b", "stderr"), ("c", "stdout")]
    )
    result = run("import sys", say)
    assert texts(result) == ["a\n", "b\n", "c\n"]
    assert (result.stdout, result.stderr) == ("a\nc\n", "b\n")


def test_prints_of_one_cell_are_one_output(run: Run) -> None:
    assert texts(run("for i in range(3):\n    print(i, flush=True)")) == ["0\n1\n2\n"]


def test_a_lone_surrogate_is_spelled_out(run_inprocess: Run) -> None:
    result = run_inprocess("print('a' + chr(0xD800) + 'b')")
    assert result.stdout == "a\\ud800b\n"


SURROGATES = {
    "display": "display({'text/html': '<b>' + chr(0xDC80)}, raw=True)",
    "json": "display({'application/json': {chr(0xDC80): [chr(0xDC80)]}}, raw=True)",
    "repr": "class A:\n    def __repr__(self):\n        return chr(0xDC80)\nA()",
    "error": "raise ValueError(chr(0xDC80))",
}


@pytest.mark.parametrize("name", SURROGATES)
def test_a_notebook_that_showed_a_lone_surrogate_can_be_written(run: Run, name: str) -> None:
    told: list[Mapping[str, Any]] = []
    result = run(SURROGATES[name], on_output=lambda *shown: told.append(shown[2]))
    for written in (result.notebook_json(), told, getattr(result, "error", None)):
        json.dumps(written, ensure_ascii=False, default=repr).encode()


@pytest.mark.parametrize("shown", ["{'text/html': object()}", "{'application/json': [object()]}"])
def test_what_json_cannot_carry_fails_the_cell_that_displays_it(run: Run, shown: str) -> None:
    result = run(f"display({shown}, raw=True)")
    assert isinstance(result, Failure)
    assert result.error.ename == "ValueError"


def test_what_jupyter_makes_json_of_is_displayed(run: Run) -> None:
    bundle = "{'a': {1}, 'b': b'xx', 'c': np.int64(3), 'd': datetime.date(2020, 1, 1)}"
    shown = f"display({{'application/json': {bundle}}}, raw=True)"
    (output,) = run("import datetime\nimport numpy as np", shown).outputs
    expected = {"a": [1], "b": "eHg=", "c": 3, "d": "2020-01-01"}
    assert expected == output["data"]["application/json"]


@pytest.mark.parametrize("written", ["5", "b'x'"])
def test_what_is_not_text_cannot_be_written(run: Run, written: str) -> None:
    result = run(f"import sys\nsys.stdout.write({written})")
    assert isinstance(result, Failure)
    assert result.error.ename == "TypeError"


def test_nothing_is_printed_to_a_closed_stream(run: Run) -> None:
    result = run("import sys\nsys.stdout.close()", "print('x')")
    assert isinstance(result, Failure)
    assert (result.error.ename, result.stdout) == ("ValueError", "")


def test_a_hundred_megabytes_of_print_are_cut_and_said_to_be(run: Run) -> None:
    loud = "for _ in range(100_000):\n    print('x' * 999)"
    result = run(loud, ("1", "return"), output_size_bytes=LIMIT_BYTES)
    assert result.unwrap() == 1
    assert len(result.stdout) == LIMIT_BYTES
    assert "output cut" in result.stderr
    assert "99.9 MB more were dropped" in result.stderr


def test_too_many_displays_are_cut_and_said_to_be(run: Run) -> None:
    loud = "for _ in range(30):\n    display(HTML('x' * 10_000))"
    result = run(DISPLAY, loud, ("1", "return"), output_size_bytes=LIMIT_BYTES)
    shown = [out for out in result.outputs if out["output_type"] == "display_data"]
    assert 1 <= len(shown) <= 10
    assert "output cut" in result.stderr


LARGE = {
    "json": "display({'application/json': {'x': 'x' * 300_000}}, raw=True)",
    "update": "h = display('-', display_id=True)\nh.update('x' * 300_000)",
    "error": "raise ValueError('x' * 300_000)",
    "error_shown": "%%bash --err told\ntrue\n",
}


@pytest.mark.parametrize("name", ["json", "update", "error"])
def test_whatever_is_shown_is_bounded(run: Run, name: str) -> None:
    result = run((LARGE[name], "raises-exception"), ("1", "return"), output_size_bytes=LIMIT_BYTES)
    assert result.unwrap() == 1
    assert len(json.dumps(result.notebook_json())) < 3 * LIMIT_BYTES
    assert "output cut" in result.stderr


def test_the_error_of_a_failure_is_bounded(run: Run) -> None:
    result = run(LARGE["error"], output_size_bytes=LIMIT_BYTES)
    assert isinstance(result, Failure)
    assert len(result.error.evalue) <= LIMIT_BYTES
    assert sum(map(len, result.error.traceback)) <= LIMIT_BYTES


def test_text_of_both_streams_stays_in_order(run: Run) -> None:
    result = run("import sys\nprint('a'); print('e', file=sys.stderr); print('b')")
    assert [(out["name"], out["text"]) for out in result.outputs] == [
        ("stdout", "a\n"),
        ("stderr", "e\n"),
        ("stdout", "b\n"),
    ]


def test_a_picture_given_as_bytes_is_shown_in_base64(run: Run) -> None:
    shown = "class P:\n    def _repr_png_(self):\n        return b'\\x89PNG'\nP()"
    (output,) = run(shown).outputs
    assert output["data"]["image/png"].strip() == "iVBORw=="


def test_a_value_that_cannot_be_shown_is_still_the_value(run: Run) -> None:
    failing = "class H:\n    def _repr_html_(self):\n        raise ValueError('no')\nH()"
    result = run(failing, ("10**5000", "return"))
    assert result.unwrap() == 10**5000


def test_an_error_is_kept_when_the_output_was_cut(run: Run) -> None:
    result = run("print('x' * 300_000)\n1 / 0", output_size_bytes=LIMIT_BYTES)
    assert not result.ok
    assert [o["output_type"] for o in result.outputs if o["output_type"] != "stream"] == ["error"]


def texts(shown: Any) -> list[str]:
    """Return what was printed, and the plain text of what was displayed."""
    return [
        out["text"] if out["output_type"] == "stream" else out["data"]["text/plain"]
        for out in shown.outputs
    ]


def pngs(result: Result) -> list[str]:
    """Return the types of the outputs that are pictures."""
    return [out["output_type"] for out in result.outputs if "image/png" in out.get("data", {})]


def test_what_a_cell_shows_is_told_while_it_runs(run: Run, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    told: list[tuple[int, str, str]] = []

    def open_the_gate(cell: Cell, message_type: str, content: Mapping[str, Any]) -> None:
        told.append((cell.index, message_type, content.get("text", "")))
        if "waiting" in content.get("text", ""):
            threading.Thread(target=gate.write_text, args=("",), daemon=True).start()

    run("1;", "print('waiting', flush=True)\nopen('gate').read()\n2", on_output=open_the_gate)
    kinds = [(index, kind) for index, kind, _ in told if kind in ("stream", "execute_result")]
    assert (kinds[0], kinds[-1]) == ((1, "stream"), (1, "execute_result"))
    assert "".join(text for _, _, text in told) == "waiting\n"
