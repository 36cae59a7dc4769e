"""What a cell changes in place, what cannot leave it, and what is in doubt."""

from __future__ import annotations

import pytest

from nbnodes.graph.analysis.flow import cell_flow
from nbnodes.graph.analysis.paths import may_meet
from nbnodes.graph.analysis.record import FileUse

MUTATES: dict[str, tuple[str, str]] = {  # a name → (source, the names from outside it changes)
    "an item": ("x[0] = 1", "x"),
    "a slice": ("x[:2] = []", "x"),
    "an attribute": ("x.a.b = 1", "x"),
    "an accessor": ("df.loc[0, 'a'] = 1", "df"),
    "an item's deletion": ("del x['a']", "x"),
    "an augmented name": ("x += [1]", "x"),
    "an augmented item": ("x['a'] += 1", "x"),
    "a method that appends": ("x.append(1)", "x"),
    "a method deeper down": ("x.a['b'].append(1)", "x"),
    "a method behind a call": ("x.setdefault('a', []).append(1)", "x"),
    "a method in an expression": ("y = x.pop()", "x"),
    "a fit": ("m = model.fit(X, y)", "model"),
    "an unknown method, its result thrown away": ("model.prepare()", "model"),
    "an unknown method, its result taken": ("y = model.prepared()", ""),
    "a look at a table": ("df.head()\ndf.describe()", ""),
    "a table is drawn": ("df.plot(x='a')\ndf.hist(bins=3)\ndf.plot.scatter('a', 'b')", ""),
    "axes are drawn on": ("ax.plot(x, y)\nax.set_title('t')", "ax"),
    "axes are handed on": ("df.plot(ax=ax)", "ax"),
    "inplace": ("df.sort_values('a', inplace=True)", "df"),
    "inplace that is false": ("y = df.sort_values('a', inplace=False)", ""),
    "out": ("np.add(a, 1, out=b)", "b"),
    "next": ("next(it)", "it"),
    "setattr": ("setattr(o, 'a', 1)", "o"),
    "identity": ("a is b", "a b"),
    "identity with None": ("a is None", ""),
    "its own object": ("x = []\nx.append(1)", ""),
    "an alias": ("y = x\ny.append(1)", "x"),
    "an alias of a part": ("y = x['a'].b\ny.append(1)", "x"),
    "an alias in a container": ("y = [x, 1]\ny[0].append(1)", "x"),
    "an alias by unpacking": ("a, b = x\nb.append(1)", "x"),
    "an alias by a branch": ("y = x if t else []\ny.append(1)", "x"),
    "a view": ("y = x.reshape(2, 2)\ny[0] = 1", "x"),
    "a loop's element": ("for r in rows:\n    r['a'] = 1", "rows"),
    "a loop's element by enumerate": ("for i, r in enumerate(rows):\n    r['a'] = i", "rows"),
    "a comprehension's element": ("[r.append(1) for r in rows]", "rows"),
    "a copy": ("y = x.copy()\ny.append(1)", ""),
    "what a copy holds": ("y = x.copy()\ny[0].append(1)", "x"),
    "a list of it": ("y = list(x)\ny.append(1)", ""),
    "columns of a table": ("y = df[['a']]\ny['b'] = 1", ""),
    "a mask of a table": ("y = df[df.a > 1]\ny['b'] = 1", ""),
    "a part of a table": ("y = df['a']\ny[0] = 1", "df"),
    "a bound method": ("push = x.append", "x"),
    "a bound method handed on": ("list(map(x.append, [1]))", "x"),
    "a lambda that changes its argument": ("go(x, lambda v: v.append(1))", "x"),
    "a lambda that changes a name": ("go(lambda v: x.append(v))", "x"),
    "match": ("match x:\n    case [a]:\n        a.append(1)", "x"),
    "with": ("with x as y:\n    pass", "x"),
    "a name bound again first": ("x = f(x)\nx.append(1)", "x"),
    "a table made anew first": ("df = df.dropna()\ndf['a'] = 1", ""),
}


@pytest.mark.parametrize("name", MUTATES)
def test_mutates(name: str) -> None:
    source, names = MUTATES[name]
    flow = cell_flow(f"import numpy as np\n{source}")
    assert {*flow.mutates} == {*names.split()}


KEEPS: dict[str, tuple[str, str]] = {
    "a generator": ("g = (x for x in y)", "g"),
    "an iterator": ("z = zip(a, b)\nm = map(f, a)", "z m"),
    "an iterator used up": ("z = list(zip(a, b))", ""),
    "an open file": ("f = open('x')", "f"),
    "a connection": ("import sqlite3\nc = sqlite3.connect('x')", "sqlite3 c"),
    "random numbers' generator": (
        "import numpy as np\nr = np.random.default_rng(0)\nx = np.random.default_rng(0).normal()",
        "np r",
    ),
    "a class": ("class C: pass", "C"),
    "a class by a call": (
        "from collections import namedtuple\nP = namedtuple('P', 'x')",
        "namedtuple P",
    ),
    "an enum by a call": ("from enum import Enum\nE = Enum('E', 'A B')", "Enum E"),
    "a type asked for": ("t = type(x)", ""),
    "a function with a state": ("def f(a=[]): pass", "f"),
    "a table in pieces": ("import pandas as pd\nr = pd.read_csv('a', chunksize=9)", "pd r"),
}


@pytest.mark.parametrize("name", KEEPS)
def test_keeps(name: str) -> None:
    source, names = KEEPS[name]
    assert {*cell_flow(source).keeps} == {*names.split()}


DOUBTS: dict[str, tuple[str, str]] = {
    "exec": ("exec(code)", "`exec` runs code that is not known"),
    "exec of text": ("exec('x = 1')", "`exec` runs code from text"),
    "eval": ("eval(code)", "`eval` runs code that is not known"),
    "import *": ("from m import *", "`import *` from m: which names?"),
    "globals": ("globals()['x'] = 1", "`globals()` reaches every name"),
    "IPython's namespace": ("get_ipython().user_ns", "`get_ipython()` may reach every name"),
    "a run": ("%run other.ipynb", "nobody can tell what `%run` reads and changes"),
    "an unknown magic": ("%sql select", "nobody can tell what `%sql` reads and changes"),
    "an unknown cell magic": ("%%R\nx <- 1", "nobody can tell what `%%R` reads and changes"),
    "bash": ("%%bash\nls", "`%%bash` runs another program"),
    "a shell": ("!ls", "`!ls` runs another program"),
    "pip": ("%pip install x", "`%pip` changes what is installed"),
    "no Python": ("x = = 1", "it is not Python, and nobody can tell what it reads and changes"),
    "a file": ("open('a.txt').read()", "reads the file a.txt"),
    "a table": ("import pandas as pd\npd.read_csv('a.csv')", "reads the file a.csv"),
    "a file that is not named": ("open(p)", "reads a file whose name is not literal"),
    "a file written": ("df.to_csv('a.csv')", "writes the file a.csv"),
    "the clock": ("import time\ntime.time()", "`time.time` gives another value at every run"),
    "today": (
        "from datetime import date\ndate.today()",
        "`datetime.date.today` gives another value at every run",
    ),
    "the network": (
        "import requests\nrequests.get('http://x')",
        "`requests.get` reads from the network",
    ),
    "a person": ("input()", "`input()` asks a person"),
    "random numbers": ("import random\nrandom.random()", "random numbers from `random`"),
    "history": ("_ + 1", "`_` is the result of another cell"),
    "older history": ("Out[3]", "`Out` is the result of another cell"),
    "another program": ("import os\nos.system('ls')", "`os.system` runs another program"),
}


@pytest.mark.parametrize("name", DOUBTS)
def test_doubts(name: str) -> None:
    source, text = DOUBTS[name]
    assert text in [each for _, each in cell_flow(source).doubts]


@pytest.mark.parametrize("source", ["_ = 1; _", "for _ in x: _", "locals", "def f(): locals()"])
def test_no_doubts(source: str) -> None:
    assert cell_flow(source).doubts == ()


MEETINGS: dict[str, tuple[str, str, bool]] = {
    "one file": ("a.csv", "./a.csv", True),
    "two files": ("a.csv", "b.csv", False),
    "a file in a folder": ("out/a.csv", "out", True),
    "a file beside a folder": ("out.csv", "out", False),
    "an unknown file": ("*", "a.csv", True),
    "a name that ends otherwise": ("out/*.csv", "a.csv", False),
    "a name that may be it": ("out/*.csv", "out/a.csv", True),
    "another ending": ("*.csv", "a.png", False),
    "a path from the root": ("/x/a.csv", "*.csv", True),
}


@pytest.mark.parametrize("name", MEETINGS)
def test_files_meet(name: str) -> None:
    one, other, meet = MEETINGS[name]
    uses = FileUse(path=one, writes=True), FileUse(path=other, writes=False)
    assert may_meet(*uses) is meet
    assert may_meet(*reversed(uses)) is meet


def test_a_table_is_not_an_image() -> None:
    table = FileUse(path="*", writes=False, kind="table")
    assert not may_meet(table, FileUse(path="a.png", writes=True))
