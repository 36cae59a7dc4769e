"""Values are written in the notebook's own language."""

from __future__ import annotations

import pytest
from notebooks import notebook
from papermill.translators import papermill_translators

from nbnodes.notebook.translation import papermill_language, parameters_code

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
    assert code == parameters_code(notebook(kernel=kernel, language=language), VALUES, kernel)


@pytest.mark.parametrize("language", ["python", "R", "julia", "scala", "matlab", "bash"])
def test_papermill_has_a_translator_of_that_name(language):
    made = notebook(kernel="x", language=language)
    assert papermill_translators.find_translator("x", papermill_language(made)) is not None


def test_a_value_that_the_language_cannot_write_is_told():
    with pytest.raises(ValueError, match="dict type translation not implemented"):
        parameters_code(notebook(kernel="bash", language="bash"), {"n": {"a": 1}}, "bash")


def test_a_language_that_nobody_can_write_is_told():
    with pytest.raises(ValueError, match="kernel 'cobol' or language 'cobol'"):
        parameters_code(notebook(kernel="cobol", language="COBOL"), {"n": 3}, "cobol")
