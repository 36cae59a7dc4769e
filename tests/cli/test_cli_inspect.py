"""`nbnodes inspect` says what a notebook takes and gives, and runs nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commandline import Command
from notebooks import CellText, markdown, write_notebook

MODELS = Path(__file__).parents[2] / "model_notebooks"

TEXT = """\
tour.ipynb
  language    python (kernel python3)
  cells       6, of which 3 run
  tags        parameters x1, skip x1, return x1
  returns     cell 6: total
  parameters
    m: int  (required)
    n: int = 15  # how many
    half = n / 2
    day: date = datetime.date(2000, 1, 1)
"""
DECLARATION = """\
import datetime
m: int
n: int = 15  # how many
half = n / 2
day = datetime.date(2000, 1, 1)"""
TOUR = (
    markdown("# A tour"),
    "open('trace', 'w')",
    (DECLARATION, "parameters"),
    ("print(n)", "skip"),
    markdown("The value:"),
    ("total", "return"),
)


def test_it_is_told_in_lines_and_nothing_runs(command: Command) -> None:
    ended = command("inspect", write_notebook("tour.ipynb", *TOUR))
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == TEXT
    assert not Path("trace").exists()


def described(command: Command, *cells: CellText, **options: Any) -> dict[str, Any]:
    path = write_notebook("n.ipynb", *cells, **options)
    ended = command("inspect", path, "--json")
    assert ended.code == 0
    found: dict[str, Any] = json.loads(ended.out)
    return found


def test_it_is_told_as_json(command: Command) -> None:
    metadata = {"nbnodes": {"extras": {"files": ["a.csv"]}}}
    found = described(command, *TOUR, metadata=metadata)
    parameters = found.pop("parameters")
    assert found == {
        "notebook": "n.ipynb",
        "path": str(Path.cwd() / "n.ipynb"),
        "kernel": "python3",
        "language": "python",
        "tags": {"parameters": 1, "skip": 1, "return": 1},
        "returns": {"cell": 6, "source": "total"},
        "cells": {"all": 6, "run": 3},
        "options": {"extras": {"files": ["a.csv"]}},
        "warnings": [],
    }
    assert [parameter["name"] for parameter in parameters] == ["m", "n", "half", "day"]
    assert parameters[1] == {
        "name": "n",
        "type": "int",
        "default": 15,
        "default_code": "15",
        "is_expression": False,
        "required": False,
        "help": "how many",
    }


DECLARED = {
    "required": ("m: int", {"required": True, "default": None, "default_code": None}),
    "expression": (
        "a = 1\nb = a + 1",
        {"is_expression": True, "default": None, "default_code": "a + 1"},
    ),
    "text": ("b = 'x'  # which", {"type": "str", "default_code": "'x'", "help": "which"}),
    "date": (
        "import datetime\nb = datetime.date(2000, 1, 1)",
        {"default": "2000-01-01", "default_code": "datetime.date(2000, 1, 1)"},
    ),
    "not_known": ("b = None", {"type": None, "default": None, "default_code": "None"}),
    "no_json": ("b = 1j", {"type": "complex", "default": None, "default_code": "1j"}),
    "not_a_number": ("b: float = float('nan')", {"type": "float"}),
}


@pytest.mark.parametrize(("source", "expected"), DECLARED.values(), ids=DECLARED)
def test_each_parameter_is_described(
    command: Command, source: str, expected: dict[str, Any]
) -> None:
    parameter = described(command, (source, "parameters"))["parameters"][-1]
    assert expected == {name: parameter[name] for name in expected}


WARNINGS = {
    "nothing": ((("n = 1", "parameters"), ("n", "return")), []),
    "no_tags": (
        ("n = 1",),
        ["no cell tagged `parameters`", "no cell tagged `return`: its value is None"],
    ),
    "no_value": (
        (("n = 1", "parameters"), ("x = n", "return")),
        ["cell 2 is tagged `return` but does not end in an expression"],
    ),
    "capital": (
        (("n = 1", "parameters", "Skip"), ("n", "return")),
        ["cell 1: the tag 'Skip' is written in lower case"],
    ),
}


@pytest.mark.parametrize(("cells", "said"), WARNINGS.values(), ids=WARNINGS)
def test_what_may_be_a_mistake_is_warned_of(
    command: Command, cells: tuple[CellText, ...], said: list[str]
) -> None:
    found = described(command, *cells)["warnings"]
    assert len(said) == len(found)
    assert [part for part, warning in zip(said, found, strict=True) if part not in warning] == []
    shown = command("inspect", "n.ipynb").out
    lines = [line for line in shown.splitlines() if "warning" in line]
    assert lines == [f"  warning: {warning}" for warning in found]


def test_another_language_is_told(command: Command) -> None:
    found = described(command, ("n=15", "parameters"), kernel="bash", language="bash")
    assert (found["kernel"], found["language"]) == ("bash", "bash")


NAMES = {
    "fibonacci": ["n"],
    "prices": ["start", "end"],
    "trend": ["prices", "window"],
    "figure": ["trend", "title"],
}


@pytest.mark.parametrize(("name", "parameters"), NAMES.items(), ids=NAMES)
def test_the_model_notebooks_are_without_warnings(
    command: Command, name: str, parameters: list[str]
) -> None:
    found = json.loads(command("inspect", MODELS / f"{name}.ipynb", "--json").out)
    assert parameters == [parameter["name"] for parameter in found["parameters"]]
    assert found["warnings"] == []
