"""A Result gives its value or its failure, and what the notebook printed and showed."""

from __future__ import annotations

import dataclasses

import nbformat
import pytest
from notebooks import document

from nbnodes.errors import RunFailedError
from nbnodes.result import CellError, CellRun, Failure, Success


def stream(name: str, text: str) -> dict:
    return {"output_type": "stream", "name": name, "text": text}


def shown(text: str, **more: str) -> dict:
    bundle = {"text/plain": text, **more}
    return {"output_type": "execute_result", "execution_count": 1, "data": bundle, "metadata": {}}


ERROR = CellError(ename="ValueError", evalue="no", traceback=("line 1", "line 2"), cell_index=2)
PRINTING = (
    CellRun(ordinal=0, outputs=(stream("stdout", "a\n"), stream("stderr", "careful\n"))),
    CellRun(ordinal=1, outputs=(shown("7"), stream("stdout", "b\n"))),
)


def success(**fields) -> Success:
    return Success(name="fib.ipynb", engine="kernel", **fields)


def failure(**fields) -> Failure:
    return Failure(name="fib.ipynb", engine="kernel", error=ERROR, **fields)


def test_a_success_unwraps_to_its_value():
    value = object()
    assert value is success(value=value).unwrap()


def test_a_failure_unwraps_to_an_error_that_carries_it():
    failed = failure()
    with pytest.raises(RunFailedError) as caught:
        failed.unwrap()
    assert caught.value.failure is failed
    assert str(caught.value) == "fib.ipynb, cell 3: ValueError: no"


def test_ok_tells_them_apart():
    assert (success().ok, failure().ok) == (True, False)


@pytest.mark.parametrize("make", [success, failure])
def test_a_result_cannot_be_changed(make):
    with pytest.raises(dataclasses.FrozenInstanceError):
        make().name = "other"


@pytest.mark.parametrize("make", [success, failure])
def test_printed_text_is_joined_by_stream(make):
    result = make(cells=PRINTING)
    assert (result.stdout, result.stderr) == ("a\nb\n", "careful\n")


def test_outputs_are_all_cells_outputs_in_order():
    kinds = [output["output_type"] for output in success(cells=PRINTING).outputs]
    assert kinds == ["stream", "stream", "execute_result", "stream"]


def test_no_cells_no_outputs():
    assert (success().outputs, success().stdout, success().stderr) == ((), "", "")


def test_a_success_shows_what_its_last_expression_showed():
    rich = shown("<table>", **{"text/html": "<table></table>"})
    cells = (CellRun(ordinal=0, outputs=(shown("1"),)), CellRun(ordinal=1, outputs=(rich,)))
    expected = ({"text/plain": "<table>", "text/html": "<table></table>"}, {})
    assert expected == success(cells=cells, value=object())._repr_mimebundle_()


def test_a_success_that_showed_nothing_shows_its_value():
    assert success(value=[1, 2])._repr_mimebundle_() == ({"text/plain": "[1, 2]"}, {})


def test_a_failure_shows_its_traceback():
    assert failure()._repr_mimebundle_() == ({"text/plain": "line 1\nline 2"}, {})


def test_a_failure_without_traceback_shows_its_error():
    bare = dataclasses.replace(ERROR, traceback=())
    shown_bundle, _ = dataclasses.replace(failure(), error=bare)._repr_mimebundle_()
    assert shown_bundle == {"text/plain": "cell 3: ValueError: no"}


@pytest.mark.parametrize("make", [success, failure])
def test_jupyter_may_ask_for_some_mime_types(make):
    bundle, _ = make()._repr_mimebundle_(include={"text/plain"}, exclude=None)
    assert "text/plain" in bundle


def test_the_notebook_is_an_nbformat_node():
    executed = document(("n = 15", "parameters"))
    node = success(executed=executed).notebook
    assert isinstance(node, nbformat.NotebookNode)
    assert node.cells[0].source == "n = 15"


def test_the_engines_own_notebook_comes_first():
    result = success(executed={"cells": ["engine's"]}, document=lambda _: {"cells": ["ours"]})
    assert result.notebook_json() == {"cells": ["engine's"]}


def test_the_notebook_is_made_from_the_result_itself():
    result = success(value=5, document=lambda result: {"made of": result.value})
    assert result.notebook_json() == {"made of": 5}


def test_a_result_without_its_notebook_says_so():
    with pytest.raises(LookupError, match=r"fib\.ipynb does not carry its notebook"):
        success().notebook_json()


def test_how_the_notebook_is_made_does_not_count_in_comparing():
    assert success(value=1, document=lambda _: {}) == success(value=1)
