"""A child whose run left no trace serves other runs of its notebook, and nobody can tell."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import psutil
import pytest
from notebooks import CellText, notebook
from processes import await_end, call, descendants

from nbnodes.engines.children.template import Template
from nbnodes.engines.engine import CancelToken
from nbnodes.engines.fork import ForkEngine
from nbnodes.errors import RunCancelledError, RunTimeoutError
from nbnodes.notebook.traceless import trace_of
from nbnodes.result import Result

TWICE = (("n = 1", "parameters"), "print(n)", ("2 * n", "return"))

LOOKS_PURE = {  # and is not
    "a default that is kept": "def f(x, xs=[]):\n    xs.append(x)\n    return xs\nf(n)",
    "a cache": "from functools import cache\nseen = []\n@cache\ndef f(x):\n"
    "    seen.append(x)\n    return len(seen)\nf(1), f(1), f(n)",
    "a generator left open": "def g():\n    total = 0\n    while True:\n"
    "        total += yield total\nit = g()\nnext(it), it.send(n), it.send(n)",
    "a generator that objects to its end": "def g():\n    try:\n        yield 1\n    finally:\n"
    "        print('late')\nit = g()\nnext(it)",
    "a finalizer": "class Late:\n    def __del__(self):\n        print('late')\nlate = Late()\n1",
    "a class that is counted": "class A: pass\nlen([c for c in object.__subclasses__()\n"
    "     if c.__module__ == '__main__'])",
    "a builtin of its own": "import builtins\nbefore = hasattr(builtins, 'mine')\n"
    "builtins.mine = n\nbefore",
    "a builtin that is hidden": "len = lambda _: n\nlen([])",
    "a module's attribute": "import math\nbefore = math.pi\nmath.pi = n\nbefore",
    "the attribute of a function": "import json\nbefore = getattr(json.dumps, 'mine', 0)\n"
    "json.dumps.mine = n\nbefore",
    "the globals of a function": "def f(): pass\nf.__globals__['__builtins__'].mine = n\n"
    "hasattr(f.__globals__['__builtins__'], 'other')",
    "a format that looks inside": "'{0.__class__.__name__} {1[0]}'.format(n, [n])",
    "a method of an unbound type": "str.format('{0.real}', n)",
    "a partial of what changes its argument": "from functools import partial\nxs = []\n"
    "partial(xs.append, n)()\nxs",
    "a random number that is seeded once": "import random\nif n == 1:\n    random.seed(1)\n"
    "random.Random(n).random()",
    "a context of numbers": "import decimal\nbefore = decimal.getcontext().prec\n"
    "decimal.getcontext().prec = 3 + n\nbefore",
    "a recursion limit": "import sys\nbefore = sys.getrecursionlimit()\n"
    "sys.setrecursionlimit(before + n)\nbefore",
    "recursion that overflows and is caught": "def f(x):\n    return f(x + 1)\ntry:\n    f(0)\n"
    "except RecursionError:\n    caught = n\ncaught",
    "the room for recursion": "def f(x):\n    try:\n        return f(x + 1)\n"
    "    except RecursionError:\n        return x\nf(n)",
    "memory that is not there": "try:\n    'x' * 10 ** 18\nexcept MemoryError:\n"
    "    caught = n\ncaught",
    "a lack of memory": "'x' * 10 ** 18",
    "digits": "import sys\nbefore = sys.get_int_max_str_digits()\n"
    "sys.set_int_max_str_digits(5000 + n)\nbefore",
    "an early end": "if n == 1:\n    raise SystemExit\nn",
    "an end with a code": "raise SystemExit(n)",
    "a warning": "import warnings\nwarnings.warn('once')\nn",
    "a warning of a pattern": "import re\nlen(re.findall('[[a]', 'a' * n))",
    "text without an end of line": "print('a', end='')\nprint('b', n, end='')\nn",
    "text on two streams": "import sys\nprint('a')\nprint('b', file=sys.stderr)\nn",
    "a question": "input('name? ')",
    "an error": "1 // (n - 1)",
    "an error in a function": "def f(x):\n    y = [x]\n    return y[x]\nf(n)",
    "an error that is kept": "try:\n    1 // 0\nexcept ZeroDivisionError as error:\n"
    "    kept = error\nkept.args",
    "an exit": "exit",
    "the names that there are": "sorted(name for name in dir() if name[0] != '_')",
    "a name from before": "try:\n    mine\nexcept NameError:\n    mine = n\nmine",
    "a value that is shown": "[n, {'a': n}]",
    "a value that cannot leave": "(x for x in [n]);",
    "a list of IPython's": "try:\n    In *= 10 ** 18\n    found = 'empty'\n"
    "except MemoryError:\n    found = 'not empty'\nIn *= 0\nfound",
    "code that cannot be compiled": "break\nn",
    "a list that is changed": "xs = [n]\nxs *= 2\nxs",
    "an import that is late": "import datetime as dt\ndt.datetime.strptime('2020', '%Y').year + n",
}


@pytest.fixture(scope="module")
def once() -> Iterator[ForkEngine]:
    """An engine each of whose children serves one run."""
    made = ForkEngine(reuse=False)
    yield made
    made.close()


@pytest.fixture(scope="module")
def often() -> Iterator[ForkEngine]:
    made = ForkEngine()
    yield made
    made.close()


@pytest.fixture
def engine(others: set[psutil.Process]) -> Iterator[ForkEngine]:
    del others
    made = ForkEngine(spares=0)
    yield made
    made.close()


def served(others: set[psutil.Process]) -> list[psutil.Process]:
    """Return the children of the engine's template: whoever has no children."""
    new = [process for process in descendants() if process not in others]
    # a template among the others may still make a spare
    return [each for each in new if not each.children() and each.parent() not in others]


def waiting(engine: ForkEngine) -> int:
    """Return how many children wait for other runs of what they have run."""
    template = engine._templates[-1]
    assert isinstance(template, Template)
    return len(template._regulars._waiting)


def seen(result: Result) -> Any:
    """Return all of a Result that its reader sees, but for its times."""
    outputs = [cell.outputs for cell in result.cells]
    return type(result), getattr(result, "value", None), getattr(result, "error", None), outputs


@pytest.mark.parametrize("source", LOOKS_PURE.values(), ids=LOOKS_PURE)
def test_every_run_is_as_the_first(
    once: ForkEngine, often: ForkEngine, source: str, tmp_path: Path
) -> None:
    *lines, last = source.rsplit("\n", 1)
    cells: tuple[CellText, ...] = (("n = 1", "parameters"), *lines, (last, "return"))
    for n in (1, 2, 1):
        expected = seen(call(once, tmp_path, *cells, values={"n": n}))
        assert [seen(call(often, tmp_path, *cells, values={"n": n})) for _ in range(2)] == [
            expected
        ] * 2


def test_one_child_serves_all_runs_of_a_notebook(
    engine: ForkEngine, others: set[psutil.Process], tmp_path: Path
) -> None:
    by = []
    for n in (1, 2, 0, 3):
        result = call(engine, tmp_path, *TWICE, values={"n": n})
        assert (result.unwrap(), result.stdout) == (2 * n, f"{n}\n")
        by.append(served(others))
    assert len(by[0]) == 1
    assert by == by[:1] * 4


def test_it_serves_more_runs_than_a_child_makes(engine: ForkEngine, tmp_path: Path) -> None:
    cells = ("n = 1", "parameters"), ("n", "return")
    runs = [call(engine, tmp_path, *cells, values={"n": n}).unwrap() for n in range(2050)]
    assert runs == list(range(2050))


def test_runs_at_once_each_have_their_own(engine: ForkEngine, tmp_path: Path) -> None:
    cells = ("n = 1", "parameters"), "xs = []\nfor i in range(n): xs.append(n)", ("xs", "return")

    def one(n: int) -> object:
        return call(engine, tmp_path, *cells, values={"n": n}).unwrap()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(200))) == [[n] * n for n in range(200)]
    assert 0 < waiting(engine) <= 8


def test_another_notebook_has_another_child(engine: ForkEngine, tmp_path: Path) -> None:
    call(engine, tmp_path, "mine = 1")
    cells = "try:\n    mine\nexcept NameError:\n    mine = 2", ("mine", "return")
    assert call(engine, tmp_path, *cells).unwrap() == 2
    assert waiting(engine) == 2


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_children_that_are_killed_while_they_wait_harm_no_run(
    engine: ForkEngine, others: set[psutil.Process], tmp_path: Path, number: signal.Signals
) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: call(engine, tmp_path, *TWICE), range(16)))
    for child in served(others):
        child.send_signal(number)
    assert call(engine, tmp_path, *TWICE).unwrap() == 2


def test_a_child_that_is_stopped_while_it_waits_can_be_left(
    engine: ForkEngine, others: set[psutil.Process], tmp_path: Path
) -> None:
    call(engine, tmp_path, *TWICE)
    (child,) = served(others)
    child.suspend()
    with pytest.raises(RunTimeoutError):
        call(engine, tmp_path, *TWICE, timeout_s=0.3)
    assert await_end([child]) == []
    assert call(engine, tmp_path, *TWICE).unwrap() == 2


def test_a_child_that_nobody_needs_ends(
    engine: ForkEngine, others: set[psutil.Process], tmp_path: Path
) -> None:
    call(engine, tmp_path, *TWICE)
    assert await_end(served(others)) == []
    assert call(engine, tmp_path, *TWICE).unwrap() == 2


def test_closing_the_engine_ends_those_that_wait(
    engine: ForkEngine, others: set[psutil.Process], tmp_path: Path
) -> None:
    before = psutil.Process().num_fds()
    call(engine, tmp_path, *TWICE)
    assert waiting(engine) == 1
    engine.close()
    assert [process for process in descendants() if process not in others] == []
    assert psutil.Process().num_fds() == before


@pytest.mark.parametrize("how", ["cancelled", "out of time"])
def test_a_run_that_is_broken_off_ends_its_child(
    engine: ForkEngine, others: set[psutil.Process], tmp_path: Path, how: str
) -> None:
    cells = ("n = 1", "parameters"), "print('up')\nwhile n: pass", ("n", "return")
    call(engine, tmp_path, *cells, values={"n": 0})
    (child,) = served(others)
    cancel = CancelToken()
    limits = {"timeout_s": 0.3} if how == "out of time" else {"timeout_s": 60.0}

    def stop(*_: object) -> None:
        if how == "cancelled":
            cancel.cancel()

    with pytest.raises((RunCancelledError, RunTimeoutError), match="cell 2"):
        call(engine, tmp_path, *cells, values={"n": 1}, cancel=cancel, on_output=stop, **limits)
    assert waiting(engine) == 0
    assert await_end([child]) == []
    assert call(engine, tmp_path, *cells, values={"n": 0}).unwrap() == 0


NOT_KEPT = {
    "a warning": "import re\nre.findall('[[b]', 'b')",
    "much memory": "taken = 'x' * 100_000_000",
    "a lack of memory": "'x' * 10 ** 18",
    "too much recursion": "def f(): f()\nf()",
    "an import that the code does not tell": "'ü'.encode('cp037')",
    "a value that cannot leave": "(x for x in [1])",
}


@pytest.mark.parametrize("source", NOT_KEPT.values(), ids=NOT_KEPT)
def test_a_child_that_is_not_as_before_serves_no_other_run(
    engine: ForkEngine, tmp_path: Path, source: str
) -> None:
    assert trace_of(notebook(source).steps(parameterized=False)) == ""
    call(engine, tmp_path, (source, "return"))
    assert waiting(engine) == 0


def test_values_with_code_of_their_own_are_given_to_children_of_their_own(
    engine: ForkEngine, tmp_path: Path
) -> None:
    call(engine, tmp_path, *TWICE, values={"n": Fraction(1)})
    assert waiting(engine) == 0


def test_setup_cells_are_shared_and_what_changes_their_state_is_not(
    engine: ForkEngine, tmp_path: Path
) -> None:
    cells = ("xs = []", "setup"), "xs.append(1)", ("len(xs)", "return")
    assert [call(engine, tmp_path, *cells).unwrap() for _ in range(3)] == [1, 1, 1]


def test_a_module_that_comes_to_lie_beside_the_notebook_is_imported(
    engine: ForkEngine, tmp_path: Path
) -> None:
    cells = "import statistics", ("statistics.mean([1, 2])", "return")
    assert call(engine, tmp_path, *cells).unwrap() == 1.5
    (tmp_path / "statistics.py").write_text("def mean(_): return 'mine'")
    assert call(engine, tmp_path, *cells).unwrap() == "mine"


def test_in_a_fork_of_the_caller_runs_have_children_of_their_own(
    engine: ForkEngine, tmp_path: Path
) -> None:
    call(engine, tmp_path, *TWICE)
    pid = os.fork()
    if not pid:
        os._exit(call(engine, tmp_path, *TWICE, values={"n": 4}).unwrap())
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 8
    assert call(engine, tmp_path, *TWICE, values={"n": 5}).unwrap() == 10
