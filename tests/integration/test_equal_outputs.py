"""Whoever runs a notebook, its cells show the same: papermill itself and our engines.

Which notebooks: the ones in `model_notebooks/`, some that papermill carries, and documentation of
installed packages (`collected.py`).
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import nbformat
import papermill
import pytest
from collected import COLLECTED, shipped

from nbnodes.engines.engine import Engine, RunRequest
from nbnodes.engines.registry import open_engine
from nbnodes.notebook.reader import read

MODELS = Path(__file__).parents[2] / "model_notebooks"
MODEL_NAMES = ("fibonacci", "prices", "trend", "figure")
SHIPPED = {  # `sys.exit` is not among them: it ends a notebook, and IPython's advice is not shown
    f"papermill/{name}": f"papermill/tests/notebooks/{name}.ipynb"
    for name in (
        "report_mode_test",  # a function, parameters
        "complex_parameters",  # a cell that is no Python
        "broken1",  # an error, and papermill's marks of an earlier one
        "broken2",  # text and an error in one cell
        "line_magic_error",  # a magic that does not exist
        "test_logging",  # logging, to stderr
    )
}
NOTEBOOKS = [*(f"models/{name}" for name in MODEL_NAMES), *SHIPPED, *COLLECTED]

BY_NATURE = {  # what is another thing in each process, whoever runs the notebook
    r"\b0x[0-9a-f]{6,}\b": "{where an object lies in memory}",
    # A kernel's cells pretend to be files, named after its process; errors tell the last part.
    r"/tmp/(ipykernel_\d+|nbnodes)/[0-9a-f]+\.py|\b[0-9a-f]{6,}\.py\b": "{cell}",
    r"\bT_[0-9a-f]{5}(?=[_ \"])": "{id that pandas draws for a styled table}",
}


Shown: TypeAlias = list[tuple[int | None, list[dict[str, Any]]]]
"""Each code cell's number, which is None if it did not run, and outputs."""


@pytest.fixture(scope="module", autouse=True)
def _surroundings() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONHASHSEED", "0")  # else a set's order is drawn for each process
        patch.setenv("MPLCONFIGDIR", f"{tempfile.gettempdir()}/nbnodes-tests-matplotlib")
        yield


@pytest.fixture(scope="module")
def engines(_surroundings: None) -> Iterator[dict[str, Engine]]:
    opened = {name: open_engine(name) for name in ("kernel", "fork")}
    yield opened
    for engine in opened.values():
        engine.close()


@pytest.mark.filterwarnings("ignore:Cell is missing an id field")  # of older notebook files
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_cell_shows_what_it_shows_in_papermill(
    name: str, engines: dict[str, Engine], tmp_path: Path
) -> None:
    path = written(name, tmp_path)
    expected = by_papermill(name, path)
    least = 3 if name in COLLECTED else 1
    assert sum(len(outputs) for _, outputs in expected) >= least, "it would prove nothing"
    assert differing(expected, by_engine(engines["kernel"], name, path)) == []
    seen = by_engine(engines["fork"], name, path)
    assert differing(expected, seen) == []


def test_there_are_as_many_notebooks_as_was_promised() -> None:
    assert len(MODEL_NAMES) == len(list(MODELS.glob("*.ipynb")))
    assert len(COLLECTED) >= 25


def test_documentation_becomes_cells() -> None:
    cells = COLLECTED["cookies"].document()["cells"]
    kinds = [cell["cell_type"] for cell in cells]
    assert kinds[0] == kinds[-1] == "code"
    assert cells[0]["source"] == "from http.cookies import *"
    assert 'C["fig"] = "newton"' in "\n".join(cell["source"] for cell in cells)


def written(name: str, folder: Path) -> Path:
    """Write the notebook for papermill and the engines alike."""
    if name in COLLECTED:
        document = COLLECTED[name].document()
    elif name in SHIPPED:
        document = shipped(SHIPPED[name])
    else:
        text = (MODELS / f"{name.removeprefix('models/')}.ipynb").read_text(encoding="utf-8")
        document = json.loads(text)
    for cell in document["cells"]:  # papermill runs `skip` cells, so here everybody does
        tags = cell["metadata"].get("tags", [])
        cell["metadata"]["tags"] = [tag for tag in tags if tag != "skip"]
    path = folder / "notebook.ipynb"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def new_folder(name: str, path: Path) -> str:
    """Make the folder to run in anew, so that nobody finds another's files in it."""
    folder = path.parent / "folder"
    shutil.rmtree(folder, ignore_errors=True)
    if name.startswith("models/"):
        shutil.copytree(MODELS, folder)
    else:
        folder.mkdir()
    return str(folder)


def by_papermill(name: str, path: Path) -> Shown:
    executed = path.with_name("executed.ipynb")
    folder = new_folder(name, path)
    with suppress(papermill.PapermillExecutionError):  # also of errors that were expected
        papermill.execute_notebook(str(path), str(executed), cwd=folder, progress_bar=False)
    return shown(nbformat.read(executed, as_version=4))


def by_engine(engine: Engine, name: str, path: Path) -> Shown:
    result = engine.run(RunRequest(notebook=read(str(path)), folder=new_folder(name, path)))
    return shown(result.notebook)


def shown(executed: Any) -> Shown:
    cells = [cell for cell in executed.cells if cell.cell_type == "code"]
    outputs = [joined(json.loads(json.dumps(cell.outputs))) for cell in cells]
    return [(cell.execution_count, its) for cell, its in zip(cells, outputs, strict=True)]


def differing(expected: Shown, seen: Shown) -> list[str]:
    """Name each cell that shows another thing, with both."""
    pairs = zip(expected, seen, strict=True)
    return [
        f"code cell {place}: expected {one}, seen {other}"
        for place, (one, other) in enumerate(pairs)
        if one != other
    ]


def joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join neighbours of one stream: how often it was flushed is no part of what was printed."""
    found: list[dict[str, Any]] = []
    for output in outputs:
        last = found[-1] if found else {}
        if output["output_type"] == "stream" and output["name"] == last.get("name"):
            last["text"] += output["text"]
        else:
            found.append(output)
    return [without_what_differs(output) for output in found]


def without_what_differs(value: Any) -> Any:
    if isinstance(value, dict):  # a picture's letters are compared as they are
        return {k: v if k == "image/png" else without_what_differs(v) for k, v in value.items()}
    if isinstance(value, list):
        return [without_what_differs(element) for element in value]
    if isinstance(value, str):
        for pattern, instead in BY_NATURE.items():
            value = re.sub(pattern, instead, value)
    return value
