"""Python's parameters are read from the tree, other languages' as far as papermill can."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from notebooks import document, notebook
from papermill.models import Parameter as PapermillParameter
from papermill.translators import Translator, papermill_translators

from nbnodes.notebook.inference import infer_parameters
from nbnodes.notebook.parameters import Code, Parameter
from nbnodes.notebook.reader import read


class _Toy(Translator):
    """A language whose translator infers: `let n 15`."""

    @classmethod
    def inspect(cls, parameters_cell):
        words = [line.split() for line in parameters_cell["source"].splitlines()]
        return [PapermillParameter(w[1], "None", w[2], "a number") for w in words]


@pytest.fixture
def toy() -> Iterator[str]:
    papermill_translators.register("toy", _Toy)
    yield "toy"
    del papermill_translators._translators["toy"]


def test_a_python_notebook_is_read_from_its_tree():
    made = notebook(("n: int | None = 15", "parameters"))
    assert list(infer_parameters(made)) == ["n"]


def test_papermills_inference_is_used_where_there_is_one(toy):
    made = notebook(("let n 15\nlet m 16", "parameters"), kernel="toy", language=toy)
    assert infer_parameters(made) == {
        "n": Parameter(name="n", default=Code("15"), help="a number"),
        "m": Parameter(name="m", default=Code("16"), help="a number"),
    }


def test_lines_are_joined_for_papermill(toy):
    made = document(("", "parameters"), kernel="toy", language=toy)
    made["cells"][0]["source"] = ["let n 15\n", "let m 16"]
    assert list(infer_parameters(read(made))) == ["n", "m"]


@pytest.mark.parametrize(
    ("kernel", "language", "source"),
    [
        ("ir", "R", "n <- 15"),
        ("julia-1.9", "julia", "n = 15"),
        ("bash", "bash", "n=15"),
        ("deno", "typescript", "const n = 15"),
        ("nameless", "", "n = 15"),
    ],
    ids=["r", "julia", "bash", "typescript", "unnamed"],
)
def test_a_language_without_inference_has_no_known_parameters(kernel, language, source):
    made = notebook((source, "parameters"), kernel=kernel, language=language)
    assert infer_parameters(made) == {}


def test_no_parameters_cell_no_parameters():
    assert infer_parameters(notebook("n <- 15", kernel="ir", language="R")) == {}
    assert infer_parameters(notebook("n = 15")) == {}
