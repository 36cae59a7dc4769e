"""Which cells can leave nothing in their process but names of their own."""

from __future__ import annotations

import datetime as dt
import enum
from collections import OrderedDict
from fractions import Fraction

import pytest
from notebooks import notebook

from nbnodes.notebook.traceless import are_plain, modules_without_trace, trace_of

TRACELESS = {
    "arithmetic": "n = 1\nm = n ** 2 % 7 - ~n",
    "containers": "xs = [1]\nxs.append(2)\nd = {'a': xs}\nd['a'][0] = 3\ndel d['a']",
    "a function": "def f(x, *, y=[]):\n    y.append(x)\n    return y\nf(1)",
    "a recursive function": "def f(n):\n    return n if n < 2 else f(n - 1) + f(n - 2)\nf(5)",
    "comprehensions": "{k: v for k, v in zip('ab', range(2)) if v}\nsum(x for x in [1])",
    "a generator": "def g():\n    yield 1\n    yield from range(2)\nnext(g())",
    "a name that nobody reads": "for _ in range(3):\n    print()",
    "sums": "n = 1\nn += 2\nxs = [n]\nxs *= 2\nxs[0] -= 1",
    "a loop": "for i in range(3):\n    if i == 1:\n        continue\n    print(i)\nelse:\n    pass",
    "errors that are caught": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    e.args",
    "an error": "raise ValueError('no')",
    "formats": "x = 1\nf'{x!r:>{4}} {x:.2f}'\n'{:.2f} {a:>3}'.format(x, a=2)\n'%(a)s' % {'a': 1}",
    "math": "import math as m\nm.sqrt(2) + m.pi",
    "an imported function": "from math import sqrt as root\nroot(2)",
    "a cache of its own": "from functools import cache\n@cache\ndef f(x): return x\nf(1)",
    "json": "import json\njson.loads(json.dumps({'a': [1, None]}))",
    "dates": "import datetime as dt\nday: dt.date = dt.date(2020, 1, 1)\nday.isoformat()",
    "regular expressions": "import re\nre.sub('a', 'b', 'aa', flags=re.IGNORECASE)",
    "counting": "from collections import Counter, defaultdict\nCounter('aab').most_common(1)",
    "annotations": "from typing import Literal\nx: Literal['a', 'b'] = 'a'\ny: int | None = 1",
    "match": "match [1, {'a': 2}]:\n    case [x, {'a': y, **rest}] if y:\n        x, y, rest",
    "arguments of all kinds": "def f(a, /, b=1, *c, **d): return a, b, c, d",
}

TRACES = {
    "a class": ("class A: pass", "classdef"),
    "a class with a finalizer": ("class A:\n    def __del__(self): print('late')", "classdef"),
    "a class by its type": ("T = type(1)", "type"),
    "the class of a value": ("'a'.__class__", ".__class__"),
    "the classes that there are": ("int.__subclasses__()", ".__subclasses__"),
    "what a builtin is bound to": ("sum.__self__.len = 1", ".len"),
    "reading what a builtin is bound to": ("sum.__self__", ".__self__"),
    "a format that asks for attributes": ("'{0.__class__}'.format(1)", ".format"),
    "a format that asks for items": ("'{0[a]}'.format({})", ".format"),
    "a format within a format": ("'{0:{1.real}}'.format(1, 2)", ".format"),
    "a format that is not known": ("text = '{0.real}'\ntext.format(1)", ".format"),
    "a format as a function": ("str.format('{0.real}', 1)", ".format"),
    "a format of a mapping": ("'{a.real}'.format_map({'a': 1})", ".format_map"),
    "an attribute that is set": ("def f(): pass\nf.count = 1", ".count"),
    "an attribute that is set in a loop": ("def f(): pass\nfor f.x in [1]: pass", ".x"),
    "an attribute that is deleted": ("import math\ndel math.pi", ".pi"),
    "an attribute by its name": ("getattr(1, 'real')", "getattr"),
    "an attribute getter": ("from operator import attrgetter", "attrgetter"),
    "a method caller": ("import operator\noperator.methodcaller('x')", ".methodcaller"),
    "the frame of a generator": ("g = (i for i in [])\ng.gi_frame", ".gi_frame"),
    "the traceback of an error": (
        "try: 1/0\nexcept Exception as e: e.__traceback__",
        ".__traceback__",
    ),
    "a note on an error": ("e = ValueError()\ne.add_note('x')", ".add_note"),
    "a generator that ends late": (
        "def g():\n    try:\n        yield 1\n    finally:\n        print('late')\nnext(g())",
        "yield in try",
    ),
    "a context": ("with 1: pass", "with"),
    "a module that keeps state": ("import random", "random"),
    "a context of numbers": ("import decimal", "decimal"),
    "the interpreter": ("import sys", "sys"),
    "a module of a package": ("import collections.abc", "collections.abc"),
    "a relative import": ("from . import x", "."),
    "another import": ("__import__('sys')", "__import__"),
    "a part of a module that reaches on": ("import re\nre.enum", ".enum"),
    "a module as a value": ("import math\nx = math", "math"),
    "a module that is renamed": ("import math\nmath = 1", "math"),
    "a module that hides another": ("import math as m\nimport json as m", "m"),
    "a function that hides a module": ("import math\ndef f(math): return math.inf", "math"),
    "a decorator that changes what it is given": ("from functools import wraps", "wraps"),
    "a cache of typing": ("from typing import List\nVector = List[int]", "List"),
    "a computed annotation": ("def f(): pass\nx: f() = 1", "call"),
    "a name of an annotation that changes": (
        "from typing import Annotated\nn = 1\nx: Annotated[int, n] = 2",
        "n",
    ),
    "a file": ("open('x')", "open"),
    "a builtin that is hidden later": ("open('x')\nopen = 1", "open"),
    "a question": ("input('?')", "input"),
    "code as text": ("exec('1')", "exec"),
    "a breakpoint": ("breakpoint()", "breakpoint"),
    "the end of more than a cell": ("raise SystemExit", "SystemExit"),
    "catching an interrupt": ("try: 1\nexcept KeyboardInterrupt: pass", "KeyboardInterrupt"),
    "a warning": ("UserWarning('x')", "UserWarning"),
    "hidden names": ("__builtins__ = {}", "__builtins__"),
    "hidden arguments": ("def f(__builtins__): pass", "__builtins__"),
    "a name of nobody's": ("print(nobody)", "nobody"),
    "a task": ("async def f(): pass", "not plain Python"),
    "a list of IPython's that is changed in place": ("In *= 0", "not plain Python"),
    "a dict of IPython's that is changed in place": ("_oh |= {1: 2}", "not plain Python"),
    "what was shown, and more": ("_ += 'x'", "not plain Python"),
    "a name of IPython's": ("In = []", "In"),
    "an argument of a name of IPython's": ("f = lambda Out: 1", "Out"),
    "a module that is added to": ("import math\nmath += 1", "math"),
    "a builtin that is added to": ("open += 1", "open"),
    "a magic": ("%time 1", "not plain Python"),
    "what was shown": ("_", "not plain Python"),
    "the names of all": ("globals()['x'] = 1", "not plain Python"),
}


@pytest.mark.parametrize("source", TRACELESS.values(), ids=TRACELESS)
def test_what_makes_only_values_leaves_no_trace(source: str) -> None:
    assert trace_of(notebook(source).steps(parameterized=False)) == ""


@pytest.mark.parametrize(("source", "trace"), TRACES.values(), ids=TRACES)
def test_what_may_leave_a_trace_is_named(source: str, trace: str) -> None:
    steps = notebook(source).steps(parameterized=False)
    assert (trace_of(steps), modules_without_trace(steps)) == (trace, None)


def test_cells_are_looked_at_together() -> None:
    steps = notebook("import math", "x = 2", "math.sqrt(x)").steps(parameterized=False)
    assert (trace_of(steps), modules_without_trace(steps)) == ("", frozenset({"math"}))


def test_given_names_are_known() -> None:
    steps = notebook("print(n)").steps(parameterized=True)
    assert (trace_of(steps), trace_of(steps, frozenset("n"))) == ("n", "")


def test_a_given_name_does_not_hide_a_module() -> None:
    steps = notebook("import math\nmath.inf").steps(parameterized=True)
    assert trace_of(steps, frozenset({"math"})) == "math"


def test_values_of_pythons_own_types_are_plain() -> None:
    day = dt.datetime(2020, 1, 1)  # noqa: DTZ001  # such a value is meant
    assert are_plain([1, 2.5, "a", b"b", None, True, day, day.date(), {"a": [(1, {2})]}])


class Colour(enum.IntEnum):
    """A number with code of its own."""

    RED = 1


@pytest.mark.parametrize(
    "value",
    [
        Colour.RED,
        [Colour.RED],
        {"a": {Colour.RED: 1}},
        Fraction(1),
        OrderedDict(),
        len,
        dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
        list(range(3000)),
    ],
    ids=repr,
)
def test_other_values_and_many_are_not(value: object) -> None:
    assert not are_plain([value])


def test_a_value_within_itself_is_not_looked_at_for_ever() -> None:
    value: list[object] = []
    value.append(value)
    assert not are_plain([value])
