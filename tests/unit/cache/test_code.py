"""A function's name changes with what it does, and with nothing else."""

from __future__ import annotations

import functools
import math
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nbnodes.cache.code import Identities, function_code

IDENTITIES = Identities()
RATE = 3
CALLS: list[object] = []
COLUMNS = ["a", "b"]


def digest(function: Callable[..., Any]) -> str:
    return function_code(function, IDENTITIES).digest


def is_lasting(function: Callable[..., Any]) -> bool:
    return function_code(function, IDENTITIES).is_lasting


def times(factor: int) -> Callable[[int], int]:
    return lambda x: x * factor


def documented(x: int) -> int:
    """One text."""
    return x + 1


def undocumented(x: int) -> int:
    # a comment

    return x + 1


def recorded(x: int) -> int:
    CALLS.append(x)
    return x


def record(into: list[object]) -> None:
    into.append(1)


def recorded_by_another(x: int) -> int:
    record(CALLS)
    return x


def rated(x: int) -> int:
    return x * RATE


def factorial(n: int) -> int:
    return 1 if n < 2 else n * factorial(n - 1)


def even(n: int) -> bool:
    return n == 0 or odd(n - 1)


def odd(n: int) -> bool:
    return n > 0 and even(n - 1)


class Scaler:
    def __init__(self, factor: int) -> None:
        self.factor = factor

    def scale(self, x: int) -> int:
        return x * self.factor


DIFFERENT = {
    "a constant": (lambda x: x + 1, lambda x: x + 2),
    "a constant's type": (lambda x: x + 1, lambda x: x + 1.0),
    "an operator": (lambda x: x + 1, lambda x: x - 1),
    "a default": (lambda x, y=1: x + y, lambda x, y=2: x + y),
    "a closure": (times(2), times(3)),
    "a partial's argument": (functools.partial(times, 2), functools.partial(times, 3)),
    "an attribute": (lambda x: math.sin(x) + x, lambda x: math.cos(x) + x),
    "an inner function": (
        lambda x: sorted(x, key=lambda one: one + 1),
        lambda x: sorted(x, key=lambda one: one + 2),
    ),
    "a built-in": (len, max),
    "what a method belongs to": (Scaler(2).scale, Scaler(3).scale),
}


@pytest.mark.parametrize("pair", DIFFERENT.values(), ids=DIFFERENT)
def test_what_does_another_thing_has_another_name(pair: tuple[Any, Any]) -> None:
    assert digest(pair[0]) != digest(pair[1])


def test_comments_docstrings_names_and_places_do_not_count() -> None:
    assert digest(documented) == digest(undocumented)


def test_a_global_that_cannot_change_counts_by_value(monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest(rated)
    monkeypatch.setitem(globals(), "RATE", 4)
    assert digest(rated) != before


@pytest.mark.parametrize("function", [recorded, recorded_by_another])
def test_a_list_that_it_appends_to_counts_by_identity(function: Callable[..., Any]) -> None:
    before = digest(function)
    function(1)
    assert digest(function) == before
    assert not is_lasting(function)


def test_a_list_that_it_only_reads_counts_by_value() -> None:
    assert is_lasting(lambda row: [row[name] for name in COLUMNS])


def test_a_counter_that_it_binds_anew_does_not_count() -> None:
    count = 0

    def counted(x: int) -> int:
        nonlocal count
        count += 1
        return x

    before = digest(counted)
    counted(1)
    assert digest(counted) == before


def test_what_has_no_value_to_name_holds_in_this_process_only() -> None:
    lock = threading.Lock()

    def locked(x: int) -> int:
        with lock:
            return x

    assert not is_lasting(locked)
    assert digest(locked) == digest(locked)


@pytest.mark.parametrize("function", [factorial, even, len, math.sin, dict, str.upper])
def test_functions_that_call_themselves_and_those_of_libraries_have_lasting_names(
    function: Callable[..., Any],
) -> None:
    assert is_lasting(function)


def test_another_process_gives_the_same_name(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import math\nfrom nbnodes.cache.code import Identities, function_code\n"
        "NAMES = frozenset(['a', 'b', 'c'])\n"
        "def f(x, k={'b': 1, 'a': 2}):\n"
        "    return [math.sin(x) for n in NAMES if n in {'a', 'b'}]\n"
        "print(function_code(f, Identities()))\n"
    )
    runs = [
        subprocess.run(
            [sys.executable, program],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PATH": ""},
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert "is_lasting=True" in runs[0]


def test_a_local_module_that_it_uses_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_code_helpers.py").write_text("def twice(x):\n    return 2 * x\n")
    monkeypatch.syspath_prepend(tmp_path)
    import own_code_helpers

    found = function_code(lambda x: 1 + own_code_helpers.twice(x), IDENTITIES)
    assert found.module_paths == (str(tmp_path / "own_code_helpers.py"),)


LIMITS = {"low": 1}


def limited(x: int) -> list[int]:
    found = []
    found.append(LIMITS["low"] * x)
    return found


def test_a_dict_that_it_reads_counts_by_value_whatever_else_it_appends_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = digest(limited)
    monkeypatch.setitem(LIMITS, "low", 5)
    assert digest(limited) != before
    assert is_lasting(limited)


def recorded_by_alias(x: int) -> int:
    calls = CALLS
    calls.append(x)
    return x


def recorded_in_a_dict(x: int) -> int:
    COUNTS["n"] += 1
    return x


COUNTS = {"n": 0}


@pytest.mark.parametrize("function", [recorded_by_alias, recorded_in_a_dict])
def test_what_it_changes_in_any_way_counts_by_identity(function: Callable[..., Any]) -> None:
    before = digest(function)
    function(1)
    assert digest(function) == before
    assert not is_lasting(function)


def counter(start: int) -> Callable[[int], int]:
    def counted(x: int) -> int:
        nonlocal start
        start += 1
        return x * start

    return counted


def test_variables_of_its_own_tell_two_functions_apart() -> None:
    assert digest(counter(3)) != digest(counter(5))
    assert not is_lasting(counter(3))


def test_an_object_whose_attribute_changes_is_another() -> None:
    scaler = Scaler(2)
    before = digest(lambda x: scaler.factor * x)
    first = [digest(scaler.scale), before]
    scaler.factor = 3
    assert digest(scaler.scale) != first[0]


def test_functions_of_libraries_go_by_their_names() -> None:
    import json
    import re

    assert is_lasting(lambda x: json.dumps(re.sub("a", "b", x)))
    dumps = json.dumps
    assert is_lasting(lambda x: dumps(x) + x)


def test_a_module_imported_in_the_function_and_its_submodules_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_package").mkdir()
    (tmp_path / "own_package" / "part.py").write_text("def twice(x):\n    return 2 * x\n")
    (tmp_path / "own_package" / "__init__.py").write_text("RATE = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    import own_package.part

    def inside(x: int) -> int:
        import own_package.part

        return own_package.part.twice(x)

    outside = function_code(lambda x: own_package.part.twice(x) + own_package.RATE, IDENTITIES)
    paths = {str(tmp_path / "own_package" / name) for name in ("__init__.py", "part.py")}
    assert set(outside.module_paths) == paths
    assert set(function_code(inside, IDENTITIES).module_paths) == paths
    monkeypatch.setattr(own_package, "RATE", 2)
    changed = function_code(lambda x: own_package.part.twice(x) + own_package.RATE, IDENTITIES)
    assert changed.digest != outside.digest


def test_a_class_that_fails_when_it_is_looked_at_counts_by_identity() -> None:
    class Sly:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

    sly = Sly()
    assert not is_lasting(lambda x: (x, sly))


class Recorder:
    def __init__(self) -> None:
        self.calls: list[object] = []

    def note(self, call: object) -> None:
        self._keep(call)

    def _keep(self, call: object) -> None:
        self.calls.append(call)


RECORDER = Recorder()
NOTE, APPEND = RECORDER.note, CALLS.append


@pytest.mark.parametrize(
    "function",
    [
        lambda x: RECORDER.note(x) or x,
        lambda x: NOTE(x) or x,
        lambda x: APPEND(x) or x,
        RECORDER.note,
    ],
    ids=["by its object", "by a method", "by a list's method", "a method itself"],
)
def test_what_notes_its_calls_in_an_object_keeps_its_name(function: Callable[..., Any]) -> None:
    before = digest(function)
    function(1)
    assert digest(function) == before
