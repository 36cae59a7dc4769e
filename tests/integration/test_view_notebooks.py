"""The view notebooks that ship run in a kernel without a screen, and do there what they promise."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "view_notebooks").glob("*.ipynb"))
STATE = "application/vnd.jupyter.widget-state+json"
EVERYWHERE = {  # what JupyterLab, VS Code and Voila all can show
    "@jupyter-widgets/base",
    "@jupyter-widgets/controls",
    "@jupyter-widgets/output",
    "anywidget",
}

PRINT_GRID = "print([grid[row, 1].value for row in range(1, 5)])"
PRINT_LINES = "print(''.join(output['text'] for output in {output}.outputs))"
PRINT_SHOWN = """
import asyncio
async def shown(text):
    while text not in str({output}.outputs):
        await asyncio.sleep(0.01)
    return {output}.outputs
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., NotebookNode]:
    """Run a notebook beside the models, and more cells after its own."""
    for name in ("view_notebooks", "model_notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.setenv("NBNODES_CACHE", str(tmp_path / "cache"))

    def run(name: str, *cells: str) -> NotebookNode:
        path = tmp_path / "view_notebooks" / name
        notebook = nbformat.read(path, 4)
        notebook.cells += [nbformat.v4.new_code_cell(cell) for cell in cells]
        place = {"metadata": {"path": str(path.parent)}}
        return NotebookClient(notebook, timeout=100, resources=place).execute()

    return run


def printed(notebook: NotebookNode, count: int) -> list[str]:
    """Return what the last cells printed."""
    texts = ("".join(o.get("text", "") for o in cell.outputs) for cell in notebook.cells[-count:])
    return [text.strip() for text in texts]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_makes_only_widgets_that_every_front_end_can_show(
    path: Path, run: Callable[..., NotebookNode]
) -> None:
    notebook = run(path.name)
    outputs = [one for cell in notebook.cells for one in cell.get("outputs", ())]
    assert [one for one in outputs if one.output_type in ("error", "stream")] == []
    models = notebook.metadata.widgets[STATE]["state"].values()
    assert {model["model_module"] for model in models} <= EVERYWHERE
    assert any("Slider" in model["model_name"] for model in models)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_ships_as_it_was_written(path: Path) -> None:
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.outputs for cell in code if cell.outputs or cell.execution_count] == []
    assert str(ROOT) not in path.read_text(encoding="utf-8")


def test_a_callback_compares_four_ways_to_the_same_number(
    run: Callable[..., NotebookNode],
) -> None:
    given = [6, 15, 30, 1]
    cells = [f"n.value = {number}; {PRINT_GRID}" for number in given]
    expected = [str([answer] * 4) for answer in ("8", "610", "832040", "1")]
    notebook = run("restified.ipynb", PRINT_GRID, *cells, "print(grid[2, 2].value)")
    *grids, took = printed(notebook, len(given) + 2)
    assert grids == [str(["…"] * 4), *expected]
    assert took.startswith("took 0.")
    assert took.endswith(" seconds")


def test_a_task_and_a_generator_work_ten_steps_with_ten_values(
    run: Callable[..., NotebookNode],
) -> None:
    notebook = run(
        "asynchronous.ipynb",
        "for value in range(1, 12):\n    slider.value = value\nawait task",
        "for value in range(1, 12):\n    slider2.value = value",
        PRINT_LINES.format(output="told"),
        PRINT_LINES.format(output="told2"),
    )
    for lines, kind in zip(printed(notebook, 2), ("async", "generator"), strict=True):
        pairs = (
            (f"did work {step}", f"{kind} function continued with value {step + 1}")
            for step in range(10)
        )
        assert lines.splitlines() == [line for pair in pairs for line in pair]


def test_the_runners_graph_follows_fails_recovers_and_remembers(
    run: Callable[..., NotebookNode],
) -> None:
    notebook = run(
        "runner.ipynb",
        PRINT_SHOWN.format(output="joined"),
        "print((await shown('ababyzyz'))[0]['text'])",
        "first.value = 'a'; second.value = 'b'; print((await shown('aabb'))[0]['text'])",
        "first.value = 'a' * 40; print('82 letters are too' in str(await shown('ValueError')))",
        "first.value = 'a'; print((await shown('aabb'))[0]['text'])",
        "print(n3.shown_in.states()['n3'].reason)",
    )
    assert printed(notebook, 5) == ["ababyzyz", "aabb", "True", "aabb", "remembered"]
