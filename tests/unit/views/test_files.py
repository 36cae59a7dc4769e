"""What a person saves of a node is in the file, whichever format it is."""

from __future__ import annotations

import base64
import csv
import io
import json
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import nbformat
import pytest
from front_end import FrontEnd
from notebooks import document
from recorded_screen import RecordedScreen

import nbnodes as nb
from nbnodes.errors import FormatError
from nbnodes.formats import json_text
from nbnodes.result import CallError, CellRun, Failure, Success
from nbnodes.views.files import offered, written
from nbnodes.views.node_view import NodeView

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TABLE = [{"n": 1, "word": "one"}, {"n": 2, "word": "zwölf"}]
CELLS = (
    ("n: int = 1", "parameters"),
    "from matplotlib.figure import Figure\nfrom IPython.display import display, Image",
    "import io\nfile = io.BytesIO()\nFigure().savefig(file, format='png')",
    "display(Image(data=file.getvalue()))",
    (f"{TABLE}[:n + 1]", "return"),
)


pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def node() -> Iterator[NodeView]:
    notebook = nbformat.from_dict(document(*CELLS))
    view = nb.view(nb.Node(notebook, name="table"))
    (made,) = view.nodes.values()
    await_that(lambda: made.header.formats)
    yield made
    view.close()


def await_that(question: Any) -> None:
    RecordedScreen().await_that(question)


def saved(node: NodeView, format_name: str) -> tuple[dict[str, Any], bytes]:
    """Press a button; return what came, and the file's content."""
    far_end = FrontEnd(node.header)
    far_end.say(do="download", format=format_name)
    await_that(lambda: far_end.messages)
    ((told, (content,)),) = far_end.messages
    return told, content


def test_all_that_a_notebook_gave_is_offered(node: NodeView) -> None:
    assert node.header.formats == ["json", "csv", "png", "ipynb"]


def test_a_value_is_saved_as_json(node: NodeView) -> None:
    told, content = saved(node, "json")
    assert told == {"show": "file", "name": "table.json", "mime": "application/json"}
    assert json.loads(content) == TABLE


def test_a_value_is_saved_as_csv(node: NodeView) -> None:
    told, content = saved(node, "csv")
    assert told == {"show": "file", "name": "table.csv", "mime": "text/csv"}
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert rows == [{"n": "1", "word": "one"}, {"n": "2", "word": "zwölf"}]


def test_a_picture_is_saved_as_png(node: NodeView) -> None:
    told, content = saved(node, "png")
    assert told == {"show": "file", "name": "table.png", "mime": "image/png"}
    assert content.startswith(SIGNATURE)


def test_an_executed_notebook_is_saved(node: NodeView) -> None:
    told, content = saved(node, "ipynb")
    assert told == {"show": "file", "name": "table.ipynb", "mime": "application/x-ipynb+json"}
    executed = nbformat.reads(content.decode(), as_version=4)
    nbformat.validate(executed)
    outputs = [output for cell in executed.cells for output in cell.get("outputs", ())]
    assert base64.b64decode(outputs[0]["data"]["image/png"]).startswith(SIGNATURE)
    assert "zwölf" in outputs[-1]["data"]["text/plain"]


class Slow:
    """Takes its time in being written; or fails."""

    gate = threading.Event()

    def to_csv(self) -> str:
        self.gate.wait()
        return "n\n1\n"


class Broken:
    def to_csv(self) -> str:
        raise ZeroDivisionError("cannot be written")


def test_messages_are_answered_while_a_large_file_is_written() -> None:
    Slow.gate.clear()
    view = nb.view(nb.Node(Slow, name="slow"))
    node = view.nodes["slow"]
    await_that(lambda: node.header.formats == ["csv"])
    far_end = FrontEnd(node.header)
    far_end.say(do="download", format="csv")
    far_end.say(do="code")
    assert [told["show"] for told, _ in far_end.messages] == ["code"]
    Slow.gate.set()
    await_that(lambda: len(far_end.messages) == 2)
    assert far_end.messages[1][1] == [b"n\n1\n"]
    view.close()


def test_what_cannot_be_written_is_told() -> None:
    view = nb.view(nb.Node(Broken, name="broken"))
    header = view.nodes["broken"].header
    await_that(lambda: header.formats == ["csv"])
    FrontEnd(header).say(do="download", format="csv")
    await_that(lambda: header.problem)
    assert header.problem == "ZeroDivisionError: cannot be written"
    view.close()


def test_a_value_without_the_form_is_told_by_the_forms_that_it_has() -> None:
    view = nb.view(nb.Node(lambda: {"n": {1j}}, name="it"))
    header = view.nodes["it"].header
    await_that(lambda: header.formats == ["json"])
    FrontEnd(header).say(do="download", format="json")
    await_that(lambda: header.problem)
    assert "it can be written as: text" in header.problem
    view.close()


OFFERED: dict[str, tuple[Any, list[str]]] = {
    "a number": (1, ["json"]),
    "a list": ([1], ["json", "csv"]),
    "an empty list": ([], ["json"]),
    "an object": (object(), ["json"]),
    "a class of one's own": (Broken(), ["csv"]),
}


@pytest.mark.parametrize("name", OFFERED)
def test_what_is_offered_of(name: str) -> None:
    value, formats = OFFERED[name]
    assert offered(Success(name="it", engine="", value=value)) == formats


def test_a_picture_among_the_outputs_is_offered() -> None:
    output = {"output_type": "display_data", "data": {"image/png": "aGk="}, "metadata": {}}
    cells = (CellRun(ordinal=0, outputs=(output,)),)
    assert offered(Success(name="it", engine="", value=None, cells=cells)) == ["json", "png"]


def test_of_a_failure_there_is_at_most_the_notebook() -> None:
    failure = Failure(name="it", engine="", error=CallError(ename="E", evalue=""))
    assert offered(failure) == []
    with pytest.raises(FormatError, match="it has failed"):
        written(failure, "it", "json")
    with pytest.raises(LookupError, match="does not carry its notebook"):
        written(failure, "it", "ipynb")


def test_files_written_at_once_leave_the_limit_of_integers_as_it_was() -> None:
    before = sys.get_int_max_str_digits()
    barrier = threading.Barrier(4)

    def write(_: int) -> int:
        barrier.wait()
        return len(json_text(10**5000))

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(write, range(4))) == {5001}
    assert sys.get_int_max_str_digits() == before
