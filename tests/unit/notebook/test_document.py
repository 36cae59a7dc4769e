"""JSON becomes a Notebook: tags decide what runs, what is malformed is told place by place."""

from __future__ import annotations

import os

import pytest
from notebooks import document, markdown, notebook

from nbnodes.errors import NotebookError
from nbnodes.notebook.document import Notebook, parse


def run(*cells, parameterized: bool = False) -> list[str]:
    """Return the sources of the cells that run."""
    return [cell.source for cell in notebook(*cells).steps(parameterized=parameterized)]


def problems(made: object) -> tuple[str, ...]:
    with pytest.raises(NotebookError) as caught:
        parse(made, name="f.ipynb")
    return caught.value.problems


def described(metadata: dict) -> Notebook:
    return parse({"cells": [], "metadata": metadata}, name="f.ipynb")


# ---------------------------------------------------------------- what runs

STEPS = {
    "no_tags": (["a", "b"], ["a", "b"]),
    "skip": (["a", ("b", "skip"), "c"], ["a", "c"]),
    "return_ends": (["a", ("b", "return"), "c"], ["a", "b"]),
    "first_return_ends": ([("a", "return"), ("b", "return")], ["a"]),
    "skip_beats_return": (["a", ("b", "skip", "return"), "c"], ["a", "c"]),
    "skip_beats_parameters": ([("a", "parameters", "skip"), "b"], ["b"]),
    "markdown": ([markdown("a"), "b"], ["b"]),
    "markdown_tagged_return": (
        [{"cell_type": "markdown", "metadata": {"tags": ["return"]}, "source": "a"}, "b"],
        ["b"],
    ),
    "raw": ([{"cell_type": "raw", "metadata": {}, "source": "a"}, "b"], ["b"]),
    "empty": (["a", " \n\t", ""], ["a"]),
    "injected": ([("a", "parameters"), ("b", "injected-parameters"), "c"], ["a", "c"]),
    "other_tags": ([("a", "setup", "remove-input")], ["a"]),
    "tags_in_other_case": ([("a", "Skip"), ("b", "RETURN"), "c"], ["a", "b", "c"]),
}


@pytest.mark.parametrize(("cells", "expected"), STEPS.values(), ids=STEPS)
def test_the_tags_decide_which_cells_run(cells, expected):
    assert expected == run(*cells)


OVERRIDES = {
    "given": (True, ["a", "c"]),
    "not_given": (False, ["a", "b", "c"]),
}


@pytest.mark.parametrize(("parameterized", "expected"), OVERRIDES.values(), ids=OVERRIDES)
def test_override_cells_run_only_without_given_parameters(parameterized, expected):
    cells = [("a", "parameters"), ("b", "override"), "c"]
    assert expected == run(*cells, parameterized=parameterized)


def test_an_overridden_return_cell_still_ends_the_notebook():
    cells = ["a", ("b", "override", "return"), "c"]
    assert run(*cells, parameterized=True) == ["a"]


def test_every_parameters_cell_that_runs_counts():
    made = notebook(
        ("a", "parameters"), ("b", "skip", "parameters"), markdown("c"), ("d", "parameters")
    )
    assert [cell.source for cell in made.parameters_cells] == ["a", "d"]


def test_the_return_cell_is_the_first_one_that_runs():
    made = notebook(("a", "skip", "return"), ("b", "return"), ("c", "return"))
    assert made.return_cell == made.cells[1]


def test_no_return_cell():
    assert notebook("a").return_cell is None


def test_cells_keep_their_place_text_and_tags():
    made = notebook(markdown("# T"), ("n = 1\nm = 2", "parameters", "x"))
    cell = made.cells[1]
    assert (
        cell.index,
        cell.kind,
        cell.source,
        cell.tags,
    ) == (1, "code", "n = 1\nm = 2", ("parameters", "x"))


# ---------------------------------------------------------------- kernel, language, options

LANGUAGES = {
    "nothing": ({}, ("", "python")),
    "python": ({"kernelspec": {"name": "python3", "language": "python"}}, ("python3", "python")),
    "capitals": ({"kernelspec": {"name": "ir", "language": "R"}}, ("ir", "r")),
    "ipython": ({"kernelspec": {"name": "x", "language": "ipython"}}, ("x", "python")),
    "by_info": (
        {"kernelspec": {"name": "julia-1.9"}, "language_info": {"name": "julia"}},
        ("julia-1.9", "julia"),
    ),
    "spec_before_info": (
        {"kernelspec": {"name": "x", "language": "R"}, "language_info": {"name": "julia"}},
        ("x", "r"),
    ),
    "by_jupytext": ({"jupytext": {"main_language": "R"}}, ("", "r")),
    "python_by_name": ({"kernelspec": {"name": "python3"}}, ("python3", "python")),
    "pypy_by_name": ({"kernelspec": {"name": "pypy3"}}, ("pypy3", "python")),
    "unknown_by_name": ({"kernelspec": {"name": "bash"}}, ("bash", "")),
    "nulls": ({"kernelspec": {"name": None, "language": None}}, ("", "python")),
}


@pytest.mark.parametrize(("metadata", "expected"), LANGUAGES.values(), ids=LANGUAGES)
def test_kernel_and_language_are_told_by_the_metadata(metadata, expected):
    made = described(metadata)
    assert expected == (made.kernel_name, made.language)
    assert made.is_python == (expected[1] == "python")


OPTIONS = {
    "given": ({"nbnodes": {"cache": False}}, {"cache": False}),
    "none": ({}, {}),
    "not_an_object": ({"nbnodes": "fast"}, {}),
}


@pytest.mark.parametrize(("metadata", "expected"), OPTIONS.values(), ids=OPTIONS)
def test_options_are_the_notebooks_own_metadata(metadata, expected):
    assert expected == described(metadata).options


FOLDERS = {
    "file": ("/a/b/f.ipynb", "/a/b"),
    "url": ("https://host/a/f.ipynb", os.getcwd()),
    "no_file": (None, os.getcwd()),
}


@pytest.mark.parametrize(("path", "expected"), FOLDERS.values(), ids=FOLDERS)
def test_a_notebook_runs_beside_its_file(path, expected):
    assert expected == parse(document(), name="f.ipynb", path=path).folder


# ---------------------------------------------------------------- what is no notebook

CODE = {"cell_type": "code", "source": "1", "metadata": {}}
MALFORMED = {
    "no_object": ([], "expected a JSON object, found list"),
    "no_cells": ({"nbformat": 4}, "it has no list named `cells`"),
    "cells_an_object": ({"cells": {}}, "it has no list named `cells`"),
    "cell_is_text": ({"cells": ["1"]}, "cells[0]: expected an object, found str"),
    "cell_kind": (
        {"cells": [CODE, CODE | {"cell_type": "heading"}]},
        "cells[1].cell_type: expected code, markdown or raw, found 'heading'",
    ),
    "no_source": (
        {"cells": [{"cell_type": "code"}]},
        "cells[0].source: expected text or a list of lines",
    ),
    "source_of_numbers": (
        {"cells": [CODE | {"source": ["1", 2]}]},
        "cells[0].source: expected text or a list of lines",
    ),
    "tags_are_text": (
        {"cells": [CODE | {"metadata": {"tags": "skip"}}]},
        "cells[0].metadata.tags: expected a list of words",
    ),
    "tags_of_numbers": (
        {"cells": [CODE | {"metadata": {"tags": [1]}}]},
        "cells[0].metadata.tags: expected a list of words",
    ),
    "cell_metadata": (
        {"cells": [CODE | {"metadata": None}]},
        "cells[0].metadata: expected an object, found NoneType",
    ),
    "metadata": ({"cells": [], "metadata": 3}, "metadata: expected an object, found int"),
    "kernelspec": (
        {"cells": [], "metadata": {"kernelspec": "python3"}},
        "metadata.kernelspec: expected an object, found str",
    ),
    "language_info": (
        {"cells": [], "metadata": {"language_info": None}},
        "metadata.language_info: expected an object, found NoneType",
    ),
    "kernel_name": (
        {"cells": [], "metadata": {"kernelspec": {"name": 3}}},
        "metadata.kernelspec.name: expected text, found int",
    ),
    "language": (
        {"cells": [], "metadata": {"kernelspec": {"language": ["python"]}}},
        "metadata.kernelspec.language: expected text, found list",
    ),
}


@pytest.mark.parametrize(("made", "problem"), MALFORMED.values(), ids=MALFORMED)
def test_what_is_wrong_is_told_with_its_place(made, problem):
    assert (problem,) == problems(made)


def test_all_that_is_wrong_is_told_at_once():
    made = {
        "cells": [CODE, 5, {"cell_type": "code", "metadata": {"tags": 1}}, CODE | {"source": None}],
        "metadata": {"kernelspec": [], "language_info": {"name": 1}},
    }
    assert problems(made) == (
        "cells[1]: expected an object, found int",
        "cells[2].source: expected text or a list of lines",
        "cells[2].metadata.tags: expected a list of words",
        "cells[3].source: expected text or a list of lines",
        "metadata.kernelspec: expected an object, found list",
        "metadata.language_info.name: expected text, found int",
    )
