"""A run becomes an executed notebook: outputs in place, parameters as papermill has them."""

from __future__ import annotations

import copy
import datetime as dt
import json
import logging

import nbformat
import pytest
from notebooks import document, markdown, notebook
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from nbnodes.notebook.executed import executed_document
from nbnodes.notebook.reader import read
from nbnodes.result import CellError, CellRun, Failure, Result, Success

PARAMETERS, INJECTED = ("n = 15\nm = 2", "parameters"), ("n = 7", "injected-parameters")


def shown(text: str) -> dict:
    bundle = {"text/plain": text}
    return {"output_type": "execute_result", "execution_count": 1, "data": bundle, "metadata": {}}


def success(*cells: CellRun) -> Result:
    return Success(name="f.ipynb", engine="kernel", cells=cells, duration_s=1.5)


def sources(made: dict) -> list[str]:
    return [cell["source"] for cell in made["cells"]]


# ---------------------------------------------------------------- outputs


def test_outputs_go_into_the_cells_that_ran():
    made = notebook(markdown("# T"), "1", ("2", "skip"), ("3", "return"), "4")
    result = success(
        CellRun(ordinal=0, outputs=(shown("1"),)), CellRun(ordinal=1, outputs=(shown("3"),))
    )
    cells = executed_document(made, {}, result)["cells"]
    assert [None, [shown("1")], [], [shown("3")], []] == [cell.get("outputs") for cell in cells]
    assert [cell.get("execution_count") for cell in cells] == [None, 1, None, 2, None]


def test_outputs_of_an_earlier_run_are_taken_out():
    source = document("1", ("2", "skip"))
    for cell in source["cells"]:
        cell.update(outputs=[shown("old")], execution_count=9)
    cells = executed_document(read(source), {}, success())["cells"]
    assert [(cell["outputs"], cell["execution_count"]) for cell in cells] == [([], None)] * 2


def test_overridden_cells_do_not_shift_outputs():
    made = notebook(PARAMETERS, ("0", "override"), ("n", "return"))
    result = success(CellRun(ordinal=0), CellRun(ordinal=1, outputs=(shown("3"),)))
    cells = executed_document(made, {"n": 3}, result)["cells"]
    assert {"n": [shown("3")]} == {c["source"]: c["outputs"] for c in cells if c["outputs"]}


def test_the_notebook_itself_stays_as_it_is():
    source = document(PARAMETERS, ("n", "return"))
    made, before = read(source), copy.deepcopy(source)
    executed_document(made, {"n": 3}, success(CellRun(ordinal=1, outputs=(shown("3"),))))
    assert before == source


def test_the_outputs_of_the_result_are_not_shared():
    output = shown("1")
    made = executed_document(notebook("1"), {}, success(CellRun(ordinal=0, outputs=(output,))))
    made["cells"][0]["outputs"][0]["output_type"] = "changed"
    assert output == shown("1")


# ---------------------------------------------------------------- parameters

LAYOUTS = {
    "after_the_parameters_cell": (markdown("# T"), PARAMETERS, "n"),
    "at_the_top": (markdown("# T"), "n"),
    "in_place_of_an_earlier_one": (PARAMETERS, INJECTED, "n"),
    "after_the_first_of_several": (PARAMETERS, ("k = 1", "parameters"), "n"),
    "earlier_one_without_parameters_cell": (INJECTED, "n"),
}
VALUES = {
    "number": {"n": 3},
    "several": {"n": 1.5, "m": None, "k": True},
    "text": {"n": "quotes ' \" \\ \n é"},
    "nested": {"n": [1, {"a": [None, "x"]}]},
    "nan": {"n": float("nan"), "m": float("-inf")},
}


@pytest.mark.parametrize("cells", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_parameters_are_injected_as_papermill_does(cells, values):
    made = notebook(*cells)
    node = load_notebook_node(nbformat.from_dict(copy.deepcopy(dict(made.document))))
    expected = parameterize_notebook(node, values)
    found = executed_document(made, values, success())
    tags = [[c["metadata"].get("tags", []) for c in d["cells"]] for d in (expected, found)]
    assert sources(expected) == sources(found)
    assert tags[0] == tags[1]


def test_without_values_nothing_is_injected():
    made = notebook(PARAMETERS, "n")
    assert sources(made.document) == sources(executed_document(made, {}, success()))


def test_other_languages_have_theirs_injected():
    made = notebook(("n <- 15", "parameters"), kernel="ir", language="R")
    assert sources(executed_document(made, {"n": 3}, success()))[1] == "# Parameters\nn = 3\n"


# ---------------------------------------------------------------- the file


ERROR = CellError(ename="ValueError", evalue="no", cell_index=0)
RESULTS = {
    "success": (success(), None),
    "failure": (Failure(name="f.ipynb", engine="kernel", error=ERROR, duration_s=1.5), True),
}


@pytest.mark.parametrize(("result", "exception"), RESULTS.values(), ids=RESULTS)
def test_the_run_is_described_as_papermill_does(tmp_path, result, exception):
    path = tmp_path / "f.ipynb"
    path.write_text(json.dumps(document(PARAMETERS)))
    metadata = executed_document(read(path), {"n": 3}, result)["metadata"]["papermill"]
    assert ({"n": 3}, 1.5, exception, str(path)) == (
        metadata["parameters"],
        metadata["duration"],
        metadata["exception"],
        metadata["input_path"],
    )


ODD_VALUES = {
    "date": dt.date(2024, 2, 29),
    "tuple": (1, 2),
    "dict_of_ints": {1: "a"},
    "inside": [{"a": dt.date(2024, 2, 29)}],
    "anything": object(),
}


@pytest.mark.parametrize("value", ODD_VALUES.values(), ids=ODD_VALUES)
@pytest.mark.parametrize("minor", [4, 5])
def test_the_document_is_a_valid_file_whatever_the_values(value, minor, caplog):
    source = document(markdown("# T"), PARAMETERS, ("n", "return")) | {"nbformat_minor": minor}
    if minor < 5:
        for cell in source["cells"]:
            del cell["id"]
    result = success(CellRun(ordinal=0), CellRun(ordinal=1, outputs=(shown("3"),)))
    with caplog.at_level(logging.CRITICAL):
        made = executed_document(read(source), {"n": value}, result)
    nbformat.validate(nbformat.reads(json.dumps(made), as_version=4))


def test_an_injected_notebook_runs_as_its_model_does():
    made = executed_document(notebook(PARAMETERS, ("n", "return")), {"n": 3}, success())
    assert [c.source for c in read(made).steps(parameterized=True)] == ["n = 15\nm = 2", "n"]
