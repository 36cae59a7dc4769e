"""Values are written in the notebook's own language."""

from __future__ import annotations

import pytest
from notebooks import notebook
from papermill.translators import papermill_translators

from nbnodes.notebook.translation import (
    is_known_to_papermill,
    papermill_language,
    parameters_code,
)

VALUES = {"n": 3, "s": 'a"b', "on": True, "none": None, "xs": [1, 2.5]}
WRITTEN = {
    "python": (
        ("python3", "python"),
        '# Parameters\nn = 3\ns = "a\\"b"\non = True\nnone = None\nxs = [1, 2.5]\n',
    ),
    "r": (
        ("ir", "R"),
        '# Parameters\nn = 3\ns = "a\\"b"\non = TRUE\nnone = NULL\nxs = list(1, 2.5)\n',
    ),
    "bash": (
        ("bash", "bash"),
        "# Parameters\nn=3\ns='a\"b'\non=true\nnone=\nxs=(1 2.5)\n",
    ),
    "typescript": (
        ("deno", "typescript"),
        'n = 3;\ns = "a\\"b";\non = true;\nnone = null;\nxs = [1, 2.5];',
    ),
}


@pytest.mark.parametrize(("kernel_and_language", "code"), WRITTEN.values(), ids=WRITTEN)
def test_values_are_written_in_the_notebooks_language(kernel_and_language, code):
    kernel, language = kernel_and_language
    made = notebook(("", "skip"), ("n", "parameters"), kernel=kernel, language=language)
    assert code == parameters_code(made, VALUES, kernel)


def test_javascript_declares_what_no_parameters_cell_declares():
    made = notebook("n", kernel="deno", language="javascript")
    assert parameters_code(made, {"n": 3}, "deno") == "globalThis.n = 3;"


@pytest.mark.parametrize(
    ("language", "value", "problem"),
    [
        ("bash", {"a": 1}, "dict type translation not implemented"),
        ("typescript", {1, 2}, "n: Object of type set is not JSON serializable"),
    ],
)
def test_a_value_that_the_language_cannot_write_is_told(language, value, problem):
    made = notebook(kernel="x", language=language)
    with pytest.raises(ValueError, match=problem):
        parameters_code(made, {"n": value}, "x")


@pytest.mark.parametrize("language", ["python", "R", "julia", "scala", "matlab", "bash"])
def test_papermill_has_a_translator_of_that_name(language):
    made = notebook(kernel="x", language=language)
    assert is_known_to_papermill(made)
    assert papermill_translators.find_translator("x", papermill_language(made)) is not None


@pytest.mark.parametrize("language", ["typescript", "javascript"])
def test_papermill_does_not_know_javascript(language):
    assert not is_known_to_papermill(notebook(kernel="deno", language=language))


def test_a_language_that_nobody_can_write_is_told():
    with pytest.raises(ValueError, match="kernel 'cobol' or language 'cobol'"):
        parameters_code(notebook(kernel="cobol", language="COBOL"), {"n": 3}, "cobol")
