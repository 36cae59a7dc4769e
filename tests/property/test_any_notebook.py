"""Whatever is read: it is a Notebook or a NotebookError, and its parameters can be asked for."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from notebooks import notebook

from nbnodes.errors import NotebookError, SettingsError
from nbnodes.notebook.document import parse
from nbnodes.notebook.parameters import literal_defaults, python_parameters
from nbnodes.notebook.reader import _loads, read
from nbnodes.settings import Settings, _checked

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine

WORDS = st.sampled_from(
    ["code", "markdown", "n = 1", "parameters", "return", "python", "R", "ir", "", "skip"]
)
KEYS = st.sampled_from(
    ["cells", "cell_type", "source", "metadata", "tags", "kernelspec", "language_info", "name",
     "language", "jupytext", "main_language", "nbnodes", "nbformat", "worksheets", "outputs"]
)  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers(-1, 6) | st.floats() | WORDS
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)
CELLS = st.fixed_dictionaries(
    {"cell_type": WORDS, "source": WORDS | st.lists(WORDS)},
    optional={"metadata": st.fixed_dictionaries({"tags": st.lists(WORDS)}) | JSON},
)
DOCUMENTS = st.fixed_dictionaries(
    {"cells": st.lists(CELLS, max_size=4)},
    optional={"metadata": st.dictionaries(KEYS, JSON, max_size=4), "nbformat": st.just(4)},
)


@settings(PATIENT, max_examples=200)
@given(JSON | DOCUMENTS)
def test_any_json_is_a_notebook_or_refused(document: Any):
    try:
        made = parse(document, name="f.ipynb")
    except NotebookError:
        return
    assert len(document["cells"]) == len(made.cells)
    for parameterized in (False, True):
        steps = made.steps(parameterized=parameterized)
        assert list(steps) == sorted(steps, key=lambda cell: cell.index)
        assert all(cell.kind == "code" and "skip" not in cell.tags for cell in steps)
        assert all("return" not in cell.tags for cell in steps[:-1])
    python_parameters(made)


@settings(PATIENT, max_examples=100)
@given(st.dictionaries(KEYS, JSON, max_size=5))
@example({"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": 5}]}]})
@example({"nbformat": 2, "worksheets": []})
@example({"nbformat": True, "cells": []})
def test_any_object_of_any_format_is_a_notebook_or_refused(document):
    with suppress(NotebookError):
        read(document)


@settings(PATIENT, max_examples=200)
@given(st.text() | JSON.map(json.dumps).map(lambda text: text[:-1]))
@example("9" * 5000)
@example("\ufeff{}")
def test_any_text_is_json_or_refused(text):
    with suppress(NotebookError):
        _loads(text, "f.ipynb", ".ipynb")


PIECES = st.sampled_from(
    ["n", "m", "=", ":", "+=", ",", ":=", "int", "1", "'a # b'", '"""', "#", "# type: int x", "\n",
     "\n    ", "\r", ";", "(", ")", "[", "]", "*", "%", "!", "!ls", "%time", "%%time\n", "%%bash\n",
     "?", "if", "else", "import math", "def", "lambda", "await", "\\", "é…", "\t", "None", "|",
     "Literal", "list", "f'{n}'", "match", "case", "_", "-", "...", "...", "del n", "global n"]
)  # fmt: skip
SOURCES = st.lists(PIECES, max_size=14).map(" ".join) | st.lists(PIECES, max_size=14).map("".join)


@settings(PATIENT, max_examples=500)
@given(SOURCES)
@example("ab = !éééé\nn = 1  # x")
@example("n = 1\rm = 2  # x")
@example("n: '\\0' = 1")
@example("n: 'a b' = 1  # type:")
def test_any_cell_can_be_asked_for_its_parameters(source):
    parameters = python_parameters(notebook("from typing import *", (source, "parameters")))
    literals = literal_defaults(source)
    assert set(literals) <= set(parameters)
    for parameter in parameters.values():
        assert isinstance(repr(parameter), str)
        assert isinstance(parameter.type_name, str)


FIELDS = ["engine", "workers", "cache", "cache_size_bytes", "durability", "timeout_s", "engin"]


@settings(PATIENT, max_examples=200)
@given(st.dictionaries(st.sampled_from(FIELDS), JSON | st.text() | st.integers(), max_size=4))
def test_any_table_is_settings_or_refused(table):
    found = {name: (value, f"tool.nbnodes.{name}") for name, value in table.items()}
    try:
        made = _checked(found)
    except SettingsError:
        return
    for name, kept in ((name, getattr(made, name)) for name in table):
        assert type(kept) is type(getattr(Settings(), name))
