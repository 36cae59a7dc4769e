"""The same notebook gives the same Result on every engine, and the same executed notebook."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from cells import ENGINES, Run, run_cells
from notebooks import CellText, markdown, notebook

from nbnodes.engines.engine import Engine, RunRequest
from nbnodes.engines.registry import engine_names, open_engine
from nbnodes.errors import EngineNotFoundError
from nbnodes.notebook.reader import read
from nbnodes.result import Result

NOTEBOOKS: dict[str, list[CellText]] = {
    "a function": [
        ("n = 15", "parameters"),
        "m = n * 2\nprint(n)",
        ("{'m': m}", "return"),
        "1 / 0",
    ],
    "a report": [
        markdown("# Sales"),
        "import pandas as pd\nfrom IPython.display import HTML, Markdown, display",
        "display(Markdown('**bold**'), HTML('<i>x</i>'))",
        "table = pd.DataFrame({'a': [1, 2]})\ntable",
        ("table['a'].sum().item()", "return"),
    ],
    "figures": [
        "%matplotlib inline\nimport matplotlib.pyplot as plt",
        "plt.plot([1, 2])\nplt.title('t')",
        "figure, axes = plt.subplots()\naxes.plot([2, 1]);",
        ("axes.get_title()", "return"),
    ],
    "streams": [
        "import sys\nprint('a', flush=True)\nprint('b', file=sys.stderr, flush=True)\nprint('c')",
        "!echo d",
        "%%bash\necho e >&2",
        "import warnings\nwarnings.filterwarnings('ignore')\nwarnings.warn('g')",
    ],
    "a failure": ["x = 1", ("1 / 0", "raises-exception"), "print('y')\n{}['k']", ("2", "return")],
    "an early end": ["print('start')\n1", "import sys\nsys.exit()", ("2", "return")],
    "updates": [
        "from IPython.display import clear_output, display",
        "h = display(1, display_id='h')\nprint('x')\nclear_output(wait=True)\nprint('y')",
        "h2 = display(3, display_id='h2')\nh2.update(4)\n'last'",
    ],
}

BARE_CELLS = [
    {"cell_type": "markdown", "source": "# Title"},
    {"cell_type": "code", "source": "n = 1", "metadata": {"tags": ["parameters"]}},
    {"cell_type": "code", "source": ["m = n\n", "m"]},
    {"cell_type": "code", "source": "m * 2", "metadata": {"tags": ["return"]}},
]
WRITTEN_BY_HAND: dict[str, dict[str, Any]] = {
    "cells alone": {"cells": BARE_CELLS},
    "no metadata": {"nbformat": 4, "cells": BARE_CELLS},
    "no ids": {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": BARE_CELLS},
}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_engine_gives_the_same_result(name: str, tmp_path: Path) -> None:
    seen = {}
    for engine_name in ENGINES:
        engine = open_engine(engine_name)
        seen[engine_name] = summary(run_cells(engine, tmp_path, *NOTEBOOKS[name]))
        engine.close()
    assert [seen["inprocess"]] * 2 == [seen["kernel"], seen["papermill"]]


@pytest.mark.parametrize("form", WRITTEN_BY_HAND)
def test_a_notebook_written_by_hand_needs_no_outputs_counts_or_ids(
    form: str, engine: Engine, tmp_path: Path
) -> None:
    given = read(WRITTEN_BY_HAND[form])
    result = engine.run(RunRequest(notebook=given, values={"n": 5}, folder=str(tmp_path)))
    assert (result.unwrap(), [output["data"] for output in result.outputs]) == (
        10,
        [{"text/plain": "5"}, {"text/plain": "10"}],
    )


def test_the_executed_notebook_is_valid_and_holds_parameters_and_outputs(run: Run) -> None:
    cells = (markdown("# T"), ("n = 1", "parameters"), ("n * 2", "skip"), ("n * 3", "return"), "n")
    executed = run(*cells, values={"n": 5}).notebook
    nbformat.validate(executed)
    tags = [cell.metadata.get("tags", []) for cell in executed.cells]
    assert tags == [[], ["parameters"], ["injected-parameters"], ["skip"], ["return"], []]
    assert "n = 5" in executed.cells[2].source
    shown = {i: c.outputs for i, c in enumerate(executed.cells) if c.get("outputs")}
    assert [(i, outputs[0].data["text/plain"]) for i, outputs in shown.items()] == [(4, "15")]
    assert executed.metadata.papermill.parameters == {"n": 5}


def test_the_executed_notebook_of_a_failed_run_holds_the_error(run: Run) -> None:
    executed = run("print('a')", "1 / 0").notebook
    nbformat.validate(executed)
    errors = [out.ename for cell in executed.cells for out in cell.outputs if "ename" in out]
    assert errors == ["ZeroDivisionError"]


def test_an_executed_notebook_runs_again(run: Run, engine: Engine, tmp_path: Path) -> None:
    executed = run(("n = 1", "parameters"), ("n", "return"), values={"n": 5}).notebook
    request = RunRequest(notebook=read(executed), values={"n": 7}, folder=str(tmp_path))
    again = engine.run(request)
    assert again.unwrap() == 7
    tags = [cell.metadata.get("tags", []) for cell in again.notebook.cells]
    assert tags.count(["injected-parameters"]) == 1


def test_an_executed_notebook_can_be_written_whatever_its_parameters_are(run: Run) -> None:
    values = {"day": dt.date(2024, 2, 29), "table": pd.DataFrame({"a": range(100)}), "k": {1: 2}}
    cells = (("day = table = k = None", "parameters"), ("len(table)", "return"))
    result = run(*cells, values=values)
    assert result.unwrap() == 100
    written = nbformat.writes(result.notebook)
    injected = next(c for c in json.loads(written)["cells"] if "injected" in str(c["metadata"]))
    compile("".join(injected["source"]), "the injected cell", "exec")


def test_the_notebook_that_was_given_stays_as_it_was(engine: Engine, tmp_path: Path) -> None:
    given = notebook(("n = 1", "parameters"), ("n", "return"))
    before = json.dumps(given.document)
    engine.run(RunRequest(notebook=given, values={"n": 5}, folder=str(tmp_path)))
    assert json.dumps(given.document) == before


def test_every_built_in_engine_is_under_this_contract() -> None:
    not_isolated = {"warm-kernel"}  # tests/integration/test_kernel_reuse.py
    assert set(engine_names()) - not_isolated == set(ENGINES)


def test_an_unknown_engine_is_an_error_naming_those_there_are() -> None:
    with pytest.raises(EngineNotFoundError, match="inprocess, kernel, papermill"):
        open_engine("nothing")


def summary(result: Result) -> dict[str, Any]:
    """Return what must not depend on the engine."""
    return {
        "value": result.value if result.ok else None,
        "error": None if result.ok else (result.error.ename, result.error.cell_index),
        "stdout": result.stdout,
        "stderr": result.stderr,
        "outputs": [[shape(output) for output in cell.outputs] for cell in result.cells],
    }


def shape(output: Any) -> Any:
    """Return an output's type, and what of its content is the same every time."""
    kind = output["output_type"]
    if kind in ("stream", "error"):
        return kind, output.get("text"), output.get("ename")
    data = output["data"]
    return kind, sorted(data), None if "image/png" in data else data["text/plain"]
