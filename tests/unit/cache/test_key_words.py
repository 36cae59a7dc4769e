"""What changed between two runs is said in words, and the parts of a key can be written down."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from notebooks import notebook, write_notebook

from nbnodes.cache.key import KeyParts, differences, key_parts
from nbnodes.notebook.surroundings import Surroundings
from nbnodes.session import Session

PARTS = KeyParts(
    cells=((0, "a"), (2, "b"), (3, "c")),
    parameters={"n": ("c", "15"), "é": ("d", "'日'")},
    modules={"helpers.py": "e", "pkg/a.py": "f"},
    files={"data.csv": "g", "lost.csv": "missing"},
    packages={"click": "8.1"},
    language="python 3.11",
    kernel="other",
    folder="/work",
    document="papermill 1",
)


CHANGES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "cell": ({"cells": ((0, "a"), (2, "x"), (3, "c"))}, ["cell 3 changed"]),
    "cell_further_down": ({"cells": ((0, "a"), (7, "x"), (8, "c"))}, ["cell 8 changed"]),
    "cell_added": ({"cells": (*PARTS.cells, (5, "d"))}, ["cell 6 added"]),
    "cell_removed": ({"cells": PARTS.cells[:2]}, ["cell 4 removed"]),
    "all_cells": ({"cells": ()}, ["cell 1 removed", "cell 3 removed", "cell 4 removed"]),
    "value": ({"parameters": PARTS.parameters | {"n": ("x", "16")}}, ["n 15 → 16"]),
    "value_alike": ({"parameters": PARTS.parameters | {"n": ("x", "15")}}, ["n changed (both 15)"]),
    "value_set": ({"parameters": PARTS.parameters | {"m": ("x", "1")}}, ["m unset → 1"]),
    "values_unset": ({"parameters": {}}, ["n 15 → unset", "é '日' → unset"]),
    "module": ({"modules": PARTS.modules | {"helpers.py": "x"}}, ["helpers.py changed"]),
    "module_added": ({"modules": PARTS.modules | {"m.py": "x"}}, ["m.py added"]),
    "modules_removed": ({"modules": {}}, ["helpers.py removed", "pkg/a.py removed"]),
    "file": ({"files": PARTS.files | {"data.csv": "x"}}, ["data.csv changed"]),
    "file_gone": ({"files": PARTS.files | {"data.csv": "missing"}}, ["data.csv removed"]),
    "package": ({"packages": {"click": "8.2"}}, ["package click 8.1 → 8.2"]),
    "package_removed": ({"packages": {}}, ["package click 8.1 → none"]),
    "language": ({"language": "python 3.12"}, ["language python 3.11 → python 3.12"]),
    "kernel": ({"kernel": ""}, ["kernel other → none"]),
    "folder": ({"folder": "/home"}, ["folder /work → /home"]),
    "engine": ({"document": ""}, ["engine papermill 1 → any"]),
    "two": ({"kernel": "k", "folder": "/"}, ["kernel other → k", "folder /work → /"]),
}


@pytest.mark.parametrize(("change", "words"), CHANGES.values(), ids=CHANGES)
def test_each_part_that_changed_is_told(change: dict[str, Any], words: list[str]) -> None:
    changed = replace(PARTS, **change)
    assert changed.key != PARTS.key
    assert differences(PARTS, changed) == words


UNCHANGED: dict[str, dict[str, Any]] = {
    "nothing": {},
    "place_of_a_cell": {"cells": ((1, "a"), (5, "b"), (9, "c"))},
    "text_of_a_value": {"parameters": PARTS.parameters | {"n": ("c", "fifteen")}},
    "order": {"parameters": dict(reversed(PARTS.parameters.items()))},
}


@pytest.mark.parametrize("change", UNCHANGED.values(), ids=UNCHANGED)
def test_equal_parts_have_an_equal_key_and_no_differences(change: dict[str, Any]) -> None:
    changed = replace(PARTS, **change)
    assert (changed.key, differences(PARTS, changed)) == (PARTS.key, [])


def test_no_two_parts_can_be_mistaken_for_each_other() -> None:
    empty = replace(PARTS, modules={}, files={}, packages={}, kernel="", document="")
    moved = [{part: {"a": "b"}} for part in ("modules", "files", "packages")]
    moved += [{part: "a"} for part in ("kernel", "folder", "document", "language")]
    assert len({replace(empty, **change).key for change in moved}) == len(moved)


@pytest.mark.parametrize(
    ("one", "other"), [("python3", "other"), ("python", "julia-1.10")], ids=["python", "both"]
)
def test_another_kernel_is_another_key(one: str, other: str) -> None:
    made = [key_parts(notebook("1"), {}, Surroundings(), kernel=name) for name in (one, other)]
    assert made[0].key != made[1].key
    assert differences(*made) == [f"kernel {one} → {other}"]


def test_another_language_is_another_key() -> None:
    made = [key_parts(notebook("1", language=n), {}, Surroundings()) for n in ("julia", "r")]
    assert made[0].key != made[1].key
    assert "language julia → r" in differences(*made)


def test_code_of_another_language_counts_to_the_letter() -> None:
    sources = ("x = 1", "x  = 1", "x = 1 # comment", " x = 1\n")
    keys = [key_parts(notebook(s, language="r"), {}, Surroundings()).key for s in sources]
    assert len(set(keys)) == 3, "only the blanks around a cell are known to mean nothing"


# ---------------------------------------------------------------- written down


@pytest.mark.parametrize("parts", [PARTS, replace(PARTS, cells=(), parameters={}, document="")])
def test_parts_written_down_are_read_back(parts: KeyParts) -> None:
    again = KeyParts.from_json(parts.to_json())
    assert (again, again.key, differences(parts, again)) == (parts, parts.key, [])


def test_a_real_runs_parts_are_read_back(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "n.ipynb", ("x = '\\ud800 日'", "parameters"), ("x", "return"))
    with Session(engine="inprocess", cache=":memory:") as session:
        parts = session.key_parts(session.model(path), {})
    assert KeyParts.from_json(parts.to_json().encode().decode()) == parts


@pytest.mark.parametrize("place", ["folder", "files"])
def test_parts_with_a_name_outside_utf8_can_be_kept(place: str) -> None:
    odd = os.fsdecode(b"/data\xff")
    parts = replace(PARTS, **{place: odd if place == "folder" else {odd: "missing"}})
    assert KeyParts.from_json(parts.to_json().encode().decode()) == parts


VALID = PARTS.to_json()
RUBBISH: dict[str, str] = {
    "nothing": "",
    "no_json": "{",
    "null": "null",
    "number": "5",
    "text": '"cells"',
    "list": "[]",
    "empty": "{}",
    "too_little": '{"cells": [], "parameters": {}}',
    "too_much": VALID.replace('{"cells"', '{"more": 1, "cells"'),
    "cells_are_a_number": VALID.replace('"cells": [', '"cells": 5, "x": ['),
    "cells_of_one": '{"cells": [[1]], "parameters": {}}',
    "parameters_are_a_list": '{"cells": [], "parameters": []}',
    "parameters_of_three": '{"cells": [], "parameters": {"n": ["a", "b", "c"]}}',
    "deep": "[" * 100_000,
    "no_modules": VALID.replace('"modules": {', '"modules": null, "files": {'),
    "language_is_a_number": VALID.replace('"python 3.11"', "5"),
}


@pytest.mark.parametrize("text", RUBBISH.values(), ids=RUBBISH)
def test_what_is_no_parts_of_a_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not the parts of a key|Expecting|unpack"):
        KeyParts.from_json(text)
