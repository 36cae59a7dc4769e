"""Of any program that can leave no trace: each run is as the first one in its process."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from notebooks import notebook

from nbnodes.engines.engine import RunRequest
from nbnodes.engines.fork import ForkEngine
from nbnodes.notebook.traceless import trace_of
from nbnodes.result import Result

PATIENT = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])

NAMES = ("n", "a", "b", "xs", "f", "it", "len", "d")
VALUES = (
    *("n", "1", "2.5", "'text'", "[n, 1]", "{'k': n}", "{n, 3}", "(n,)", "None", "b'x' * 3"),
    *("a", "b", "xs", "d", "next(it)", "f(n)", "f(a)", "len(xs)", "xs[0]", "d['k']", "a + b"),
    *("sorted(xs)", "sum(xs)", "[x + n for x in xs]", "dict(k=xs)", "a == b", "a % 3", "hash(n)"),
    *("f'{a!r:>9}'", "'{} {:>4}'.format(a, n)", "'%s' % (a,)", "repr(a)[:40]", "str(a).upper()"),
    *("math.sqrt(n)", "json.dumps([n], indent=n)", "re.findall('[a-m]', str(b))", "int(str(a))"),
    *("functools.reduce(max, xs)", "list(itertools.islice(it, 2))", "it.send(n)", "1 // (n - 3)"),
    *("(lambda y=[]: y.append(n) or y)()", "Counter('abca').most_common(2)", "it.close()"),
)
LINES = (
    *("{name} = {value}", "{name} = {value}", "{name} += {value}", "print({value})", "{value}"),
    *("print({value}, end='')", "xs.append({value})", "d[n] = {value}", "del {name}", "xs *= 2"),
    *("raise ValueError({value})", "assert {value}, {value}", "from math import floor as {name}"),
)
BLOCKS = (
    "for {name} in list({value})[:9]:\n    {line}",
    "if {value}:\n    {line}\nelse:\n    {line}",
    "try:\n    {line}\nexcept Exception as error:\n    print(error.args)",
    "def f(x, ys=[]):\n    {line}\n    ys.append(x)\n    return ys",
    "def f(x):\n    def g():\n        nonlocal x\n        x = {value}\n    g()\n    return x",
    "@functools.cache\ndef f(x):\n    xs.append(x)\n    return {value}",
    "def made():\n    a = 0\n    while True:\n        a = yield {value}\nit = made()",
    "def f(x):\n    global {name}\n    {line}\n    return {value}",
    "match {value}:\n    case [first, *rest]:\n        {line}\n    case _:\n        {line}",
)
BEGINNING = (
    "import functools, itertools, json, math, re\nfrom collections import Counter\n"
    "a, b, xs, d = n, 2, [n, 2], {'k': n}\ndef made():\n    yield from range(n, 99)\n"
    "it = made()\ndef f(x):\n    return [x]"
)
KINDS = (("{line}", LINES), ("{name}", NAMES), ("{value}", VALUES))


@st.composite
def cells(draw: st.DrawFn) -> str:
    """Some statements."""
    forms = draw(st.lists(st.sampled_from(LINES + BLOCKS), min_size=1, max_size=4))
    text = "\n".join(forms)
    for hole, kinds in KINDS:
        while hole in text:
            text = text.replace(hole, draw(st.sampled_from(kinds)), 1)
    return text


@pytest.fixture(scope="module")
def engines() -> Iterator[tuple[ForkEngine, ForkEngine]]:
    """An engine whose children serve one run each, and one whose children serve several."""
    once, often = ForkEngine(reuse=False), ForkEngine()
    yield once, often
    once.close()
    often.close()


def seen(result: Result) -> tuple[Any, ...]:
    """Return all of a Result that its reader sees, but for its times."""
    outputs = [cell.outputs for cell in result.cells]
    return repr(getattr(result, "value", None)), getattr(result, "error", None), outputs


@PATIENT
@given(
    program=st.lists(cells(), min_size=1, max_size=3),
    last=st.sampled_from(VALUES),
    ns=st.lists(st.integers(0, 5), min_size=1, max_size=3),
)
def test_each_run_is_as_the_first(
    engines: tuple[ForkEngine, ForkEngine], program: list[str], last: str, ns: list[int]
) -> None:
    made = notebook(("n = 1", "parameters"), BEGINNING, *program, (last, "return"))
    assume(trace_of(made.steps(parameterized=True), frozenset("n")) == "")
    once, often = engines
    for n in [*ns, *ns]:
        request = RunRequest(
            notebook=made, values={"n": n}, folder=tempfile.gettempdir(), timeout_s=60.0
        )
        assert seen(often.run(request)) == seen(once.run(request))
