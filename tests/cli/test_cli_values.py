"""`nbnodes run` prints the value, in the form asked for, and nothing else."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import subprocess
from pathlib import Path

import nbformat
import pytest
from commandline import NBNODES, Command, nbnodes
from notebooks import CellText, write_notebook

PNG = b"\x89PNG\r\n\x1a\n"
FRAME = "import pandas as pd\npd.DataFrame({'a': [1, 2], 'b': ['x', None]})"
FIGURE = "import matplotlib.pyplot as plt\nfigure, _ = plt.subplots()\nplt.close(figure)\nfigure"

PRINTED = {
    "int": ("610", "610\n"),
    "negative": ("-1", "-1\n"),
    "bool": ("True", "True\n"),
    "none": ("None", "None\n"),
    "float": ("0.1 + 0.2", "0.30000000000000004\n"),
    "text_as_it_is": ("'it\\'s \"so\"\\tß'", 'it\'s "so"\tß\n'),
    "empty_text": ("''", "\n"),
    "lines": ("'a\\nb\\n'", "a\nb\n"),
    "list": ("[1, 'a']", "[1, 'a']\n"),
    "dict": ("{'a': None}", "{'a': None}\n"),
    "nan": ("float('nan')", "nan\n"),
    "surrogate": ("'\\ud800'", "\\ud800\n"),
    "frame": (FRAME, "   a    b\n0  1    x\n1  2  NaN\n"),
    "figure": (FIGURE, "<Figure size 640x480 with 1 Axes>\n"),
}
JSON = {
    "int": ("610", "610"),
    "none": ("None", "null"),
    "text": ("'ß\"'", '"ß\\""'),
    "nan": ("[float('nan'), float('inf')]", "[null, null]"),
    "date": ("import datetime\ndatetime.date(2001, 1, 2)", '"2001-01-02"'),
    "set": ("{'b', 'c', 'a'}", '["a", "b", "c"]'),
    "surrogate": ("'\\ud800'", '"\\ud800"'),
    "frame": (FRAME, '{"columns": ["a", "b"], "index": [0, 1], "data": [[1, "x"], [2, null]]}'),
}
NOT_WRITABLE = {  # value, format, the formats it has
    "int_as_csv": ("610", "csv", "text, json, html, ipynb"),
    "int_as_png": ("610", "png", "text, json, html, ipynb"),
    "frame_as_png": (FRAME, "png", "text, json, html, csv, parquet, arrow, ipynb"),
    "object_as_json": ("object()", "json", "text, html, ipynb"),
    "set_of_objects": ("{object()}", "json", "text, html, ipynb"),
    "itself_as_json": ("a = []\na.append(a)\na", "json", "text, html, csv, ipynb"),
    "figure_as_json": (FIGURE, "json", "text, html, png, svg, ipynb"),
    "figure_as_csv": (FIGURE, "csv", "text, html, png, svg, ipynb"),
}


def returning(source: str, *before: CellText) -> str:
    return str(write_notebook(Path.cwd() / "made.ipynb", *before, (source, "return")))


@pytest.mark.parametrize(("source", "printed"), PRINTED.values(), ids=PRINTED)
def test_the_value_is_printed(command: Command, source: str, printed: str) -> None:
    cells = ("print('not this')", "display('nor this')", "import sys; print('no', file=sys.stderr)")
    ended = command("run", returning(source, *cells))
    assert (0, printed, "") == (ended.code, ended.out, ended.err)


def test_nothing_is_printed_without_a_return_cell(command: Command) -> None:
    path = write_notebook("made.ipynb", "print('not this')", "610")
    assert command("run", path).outcome == (0, "")


def test_a_process_prints_what_the_call_does(doubling: Path) -> None:
    ended = nbnodes("run", str(doubling), "-p", "n", "21")
    assert (ended.code, ended.out, ended.err) == (0, "42\n", "")


@pytest.mark.parametrize(("source", "printed"), JSON.values(), ids=JSON)
def test_format_json_is_the_value_as_json(command: Command, source: str, printed: str) -> None:
    assert command("run", returning(source), "--format", "json").outcome == (0, f"{printed}\n")


def test_the_envelope_tells_of_the_run(command: Command, doubling: Path) -> None:
    first = json.loads(command("run", doubling, "-p", "n", "21", "--json").out)
    assert list(first) == ["value", "cached", "key", "engine", "duration_s", "notebook"]
    assert (first["value"], first["cached"]) == (42, False)
    assert (first["engine"], first["notebook"]) == ("inprocess", "double.ipynb")
    assert re.fullmatch(r"[0-9a-f]{64}", first["key"])
    assert isinstance(first["duration_s"], float)
    again = json.loads(command("run", doubling, "-p", "n", "21", "--json").out)
    assert again["cached"] is True
    assert {"cached", "duration_s"} >= {name for name in first if first[name] != again[name]}


def test_the_envelope_of_a_run_that_is_not_kept_has_no_key(
    command: Command, doubling: Path
) -> None:
    envelope = json.loads(command("run", doubling, "--json", "--no-cache").out)
    assert (envelope["value"], envelope["cached"], envelope["key"]) == (30, False, None)


def test_the_envelope_of_a_value_that_json_lacks_names_its_formats(command: Command) -> None:
    envelope = json.loads(command("run", returning(FIGURE), "--json").out)
    assert envelope["value"] is None
    assert envelope["text"] == "<Figure size 640x480 with 1 Axes>"
    assert envelope["formats"] == ["text", "html", "png", "svg", "ipynb"]


def test_the_envelope_of_an_object_offers_no_picture(command: Command) -> None:
    envelope = json.loads(command("run", returning("object()"), "--json").out)
    assert envelope["formats"] == ["text", "html", "ipynb"]


@pytest.mark.parametrize(
    ("source", "part"),
    {
        "frame": (FRAME, '<table border="1" class="dataframe">'),
        "figure": (FIGURE, '<img alt="made.ipynb" src="data:image/png;base64,iVBORw0KGgo'),
        "text": ("'a < b'", "<pre>a &lt; b</pre>"),
    }.values(),
    ids=["frame", "figure", "text"],
)
def test_format_html_is_what_the_notebook_shows(command: Command, source: str, part: str) -> None:
    ended = command("run", returning(source), "--format", "html")
    assert ended.code == 0
    assert part in ended.out


def test_format_csv_is_a_table(command: Command) -> None:
    ended = command("run", returning(FRAME), "--format", "csv")
    assert list(csv.reader(io.StringIO(ended.out))) == [
        ["", "a", "b"],
        ["0", "1", "x"],
        ["1", "2", ""],
    ]


def test_format_png_is_a_picture_first_and_later() -> None:
    words = [*NBNODES, "run", returning(FIGURE), "--format", "png"]
    pictures = [subprocess.run(words, capture_output=True, check=True).stdout for _ in range(2)]
    assert pictures[0][:8] == PNG
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize(
    ("source", "form", "usable"), NOT_WRITABLE.values(), ids=list(NOT_WRITABLE)
)
def test_a_format_that_a_value_lacks_is_refused_naming_those_it_has(
    command: Command, source: str, form: str, usable: str
) -> None:
    ended = command("run", returning(source), "--format", form)
    assert ended.outcome == (2, "")
    assert ended.err.endswith(f"; it can be written as: {usable}\n")


@pytest.mark.parametrize("form", ["html", "csv", "png"])
def test_json_and_another_format_exclude_each_other(
    command: Command, doubling: Path, form: str
) -> None:
    ended = command("run", doubling, "--json", "--format", form)
    assert ended.outcome == (2, "")
    assert f"--json and --format {form} exclude each other" in ended.err


@pytest.mark.parametrize("engine", ["inprocess", "kernel", "papermill"])
def test_the_executed_notebook_is_written(command: Command, doubling: Path, engine: str) -> None:
    words = ("run", doubling, "-p", "n", "21", "-o", "out.ipynb", "--engine", engine)
    assert command(*words).outcome == (0, "42\n")
    executed = nbformat.read("out.ipynb", as_version=4)
    nbformat.validate(executed)
    injected = [c for c in executed.cells if "injected-parameters" in c.metadata.get("tags", [])]
    assert [c.source.splitlines()[-1] for c in injected] == ["n = 21"]
    assert executed.cells[-1].outputs[0].data["text/plain"] == "42"


def test_a_cached_run_writes_the_same_notebook(command: Command, doubling: Path) -> None:
    for name in ("first.ipynb", "second.ipynb"):
        command("run", doubling, "-o", name)
    assert Path("first.ipynb").read_text() == Path("second.ipynb").read_text()


@pytest.mark.parametrize("engine", ["inprocess", "kernel", "papermill"])
def test_the_notebook_of_a_failed_run_is_written_too(command: Command, engine: str) -> None:
    path = write_notebook("bad.ipynb", "print('before')", "1 / 0", ("'after'", "return"))
    ended = command("run", path, "-o", "out.ipynb", "--engine", engine)
    assert ended.outcome == (1, "")
    executed = nbformat.read("out.ipynb", as_version=4)
    nbformat.validate(executed)
    outputs = [out for cell in executed.cells for out in cell.get("outputs", [])]
    assert "before\n" in [out.get("text") for out in outputs]
    assert "ZeroDivisionError" in [out.get("ename") for out in outputs]


def test_a_place_that_cannot_be_written_is_named(command: Command, doubling: Path) -> None:
    ended = command("run", doubling, "-o", "no/such/out.ipynb")
    assert ended.code == 2
    assert ended.err == "nbnodes: -o no/such/out.ipynb: No such file or directory\n"


def test_the_written_notebook_holds_the_picture(command: Command) -> None:
    path = returning(FIGURE)
    command("run", path, "-o", "out.ipynb")
    outputs = nbformat.read("out.ipynb", as_version=4).cells[-1].outputs
    assert base64.b64decode(outputs[0].data["image/png"])[:8] == PNG
