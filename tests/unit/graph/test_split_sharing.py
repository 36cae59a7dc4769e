"""Of programs whose objects are shared in hidden ways: parts agree with the whole."""

# ruff: noqa: E501  # a program's line is as long as it is
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from notebooks import CellText, notebook
from splits import assert_agreement

Program = tuple[list[CellText], dict[str, Any]]
PROGRAMS: dict[str, Program] = {  # a name → (cells, parameters to change)
    "words magic var": (
        [("k=1", "parameters"), "x = [k]", "y = x", "for x in y: pass", "print(x, y)"],
        {"k": 4},
    ),
    "comp shadows": (
        [("k=1", "parameters"), "v = 5", "xs = [v for v in range(k)]", "print(v, xs)"],
        {"k": 4},
    ),
    "class body reads": (
        [("k=1", "parameters"), "n = 2", "class C:\n    n = n + k\n    m = n", "print(C.m, n)"],
        {"k": 4},
    ),
    "fn attr read": (
        [("k=1", "parameters"), "def f(): return k", "f.meta = {'k': k}", "print(f.meta, f())"],
        {"k": 4},
    ),
    "global list via default": (
        [
            ("k=1", "parameters"),
            "acc = []",
            "def go(v, acc=acc):\n    acc.append(v)",
            "go(k)",
            "go(2)",
            "print(acc)",
        ],
        {"k": 4},
    ),
    "setdefault nested": (
        [
            ("k=1", "parameters"),
            "d = {}",
            "inner = d.setdefault('a', {})",
            "inner['x'] = k",
            "print(d)",
        ],
        {"k": 4},
    ),
    "chained views": (
        [
            "import numpy as np",
            ("k=1", "parameters"),
            "a = np.zeros((2,2))",
            "r = a[0]",
            "c = r[1:]",
            "c[0] = k",
            "print(a)",
        ],
        {"k": 4},
    ),
    "T view": (
        [
            "import numpy as np",
            ("k=1", "parameters"),
            "a = np.zeros((2,3))",
            "b = a.T",
            "b[0,0] = k",
            "print(a)",
        ],
        {"k": 4},
    ),
    "dict of arrays": (
        [
            "import numpy as np",
            ("k=1", "parameters"),
            "d = {n: np.zeros(2) for n in 'ab'}",
            "a = d['a']",
            "a += k",
            "print(d)",
        ],
        {"k": 4},
    ),
    "unpack dict": (
        [
            ("k=1", "parameters"),
            "d = {'x': [k], 'y': [2]}",
            "x, y = d.values()",
            "x.append(9)",
            "print(d)",
        ],
        {"k": 4},
    ),
    "unpack method": (
        [
            ("k=1", "parameters"),
            "d = {'x': [k]}",
            "(key, val), = d.items()",
            "val.append(9)",
            "print(d)",
        ],
        {"k": 4},
    ),
    "enumerate outer": (
        [
            ("k=1", "parameters"),
            "rows = [[k],[2]]",
            "pairs = list(enumerate(rows))",
            "pairs[0][1].append(9)",
            "print(rows)",
        ],
        {"k": 4},
    ),
    "any loops fn": (
        [
            ("k=1", "parameters"),
            "rows = [[k],[2]]",
            "def each(fn):\n    for r in rows: fn(r)",
            "each(lambda r: r.append(3))",
            "print(rows)",
        ],
        {"k": 4},
    ),
    "any loops fn2": (
        [
            ("k=1", "parameters"),
            "rows = [[k],[2]]",
            "def each(fn, xs):\n    for r in xs: fn(r)",
            "def add(r): r.append(3)",
            "each(add, rows)",
            "print(rows)",
        ],
        {"k": 4},
    ),
    "method as callback": (
        [
            ("k=1", "parameters"),
            "class L:\n    def __init__(self): self.n=[]\n    def hit(self, v): self.n.append(v)",
            "log = L()",
            "cb = log.hit",
            "cb(k)",
            "print(log.n)",
        ],
        {"k": 4},
    ),
    "bound passed": (
        [
            ("k=1", "parameters"),
            "log = []",
            "def run(cb):\n    cb(k)",
            "run(log.append)",
            "print(log)",
        ],
        {"k": 4},
    ),
    "pop elem": (
        [
            ("k=1", "parameters"),
            "stack = [[k]]\nother = stack[0]",
            "e = stack.pop()",
            "e.append(2)",
            "print(other, stack)",
        ],
        {"k": 4},
    ),
    "swap rows": (
        [
            ("k=1", "parameters"),
            "m = [[k],[2]]",
            "m[0], m[1] = m[1], m[0]",
            "first = m[0]",
            "first.append(7)",
            "print(m)",
        ],
        {"k": 4},
    ),
    "walrus alias": (
        [("k=1", "parameters"), "xs = [k]", "if (ys := xs): ys.append(2)", "print(xs)"],
        {"k": 4},
    ),
    "try alias": (
        [
            ("k=1", "parameters"),
            "xs = [k]",
            "try:\n    ys = xs\nfinally:\n    ys.append(2)",
            "print(xs)",
        ],
        {"k": 4},
    ),
    "lambda default capture": (
        [
            ("k=1", "parameters"),
            "fs = [lambda v=i: v + k for i in range(2)]",
            "print([f() for f in fs])",
            "k2 = k",
            "print(k2)",
        ],
        {"k": 4},
    ),
    "nested comp": (
        [
            ("k=1", "parameters"),
            "m = [[i*k for i in range(2)] for _ in range(2)]",
            "flat = [v for row in m for v in row]",
            "m[0][0] = 9",
            "print(flat, m)",
        ],
        {"k": 4},
    ),
    "string format": (
        [("k=1", "parameters"), "t = '{k}'.format(k=k)", "u = f'{t!r:>5}'", "print(u)"],
        {"k": 4},
    ),
    "sum with start": (
        [
            ("k=1", "parameters"),
            "xs=[[k],[2]]",
            "flat = sum(xs, [])",
            "flat.append(3)",
            "print(xs, flat)",
        ],
        {"k": 4},
    ),
    "sum shares": (
        [
            ("k=1", "parameters"),
            "xs=[[[k]],[[2]]]",
            "flat = sum(xs, [])",
            "flat[0].append(3)",
            "print(xs)",
        ],
        {"k": 4},
    ),
    "copy deepcopy": (
        [
            "import copy",
            ("k=1", "parameters"),
            "x=[[k]]",
            "y = copy.deepcopy(x)",
            "y[0].append(2)",
            "print(x,y)",
        ],
        {"k": 4},
    ),
    "array module": (
        [
            "from array import array",
            ("k=1", "parameters"),
            "a = array('i',[k])",
            "a.append(2)",
            "print(a.tolist())",
        ],
        {"k": 4},
    ),
    "bytes io": (
        [
            "import io",
            ("k=1", "parameters"),
            "b = io.BytesIO()",
            "b.write(bytes([k]))",
            "print(b.getvalue())",
        ],
        {"k": 4},
    ),
    "iter over file lines": (
        [
            ("k='1'", "parameters"),
            "open('it.txt','w').write(k+'\\n2')",
            "f = open('it.txt')",
            "a = f.readline()",
            "b = f.read()",
            "print(repr(a), repr(b))",
        ],
        {"k": "4"},
    ),
    "list iterator for": (
        [
            ("k=3", "parameters"),
            "it = iter(range(k))",
            "for v in it:\n    break",
            "rest = sum(it)",
            "print(v, rest)",
        ],
        {"k": 5},
    ),
    "counter obj": (
        [
            "from itertools import count",
            ("k=3", "parameters"),
            "ids = count(k)",
            "a = next(ids)",
            "b = next(ids)",
            "print(a, b)",
        ],
        {"k": 5},
    ),
    "dict counter fn": (
        [
            ("k=3", "parameters"),
            "ids = {'n': k}",
            "def new():\n    ids['n'] += 1\n    return ids['n']",
            "a = new()",
            "b = new()",
            "print(a, b)",
        ],
        {"k": 5},
    ),
    "frame attr": (
        [
            "import pandas as pd",
            ("k=3", "parameters"),
            "df = pd.DataFrame({'a':[1,2]})",
            "df.attrs['k'] = k",
            "df.columns.name = 'c'",
            "print(df.attrs, df.columns.name)",
        ],
        {"k": 5},
    ),
    "frame where": (
        [
            "import pandas as pd",
            ("k=3", "parameters"),
            "df = pd.DataFrame({'a':[1,2]})",
            "mask = df.a > 1",
            "df.loc[mask, 'a'] = k",
            "print(df.a.tolist(), mask.tolist())",
        ],
        {"k": 5},
    ),
    "frame iter": (
        [
            "import pandas as pd",
            ("k=3", "parameters"),
            "df = pd.DataFrame({'a':[1,2]})",
            "for i, row in df.iterrows():\n    df.loc[i, 'b'] = row.a * k",
            "print(df.b.tolist())",
        ],
        {"k": 5},
    ),
    "frame fn new": (
        [
            "import pandas as pd",
            ("k=3", "parameters"),
            "def add(df):\n    df = df.copy()\n    df['z'] = k\n    return df",
            "a = pd.DataFrame({'a':[1]})",
            "b = add(a)",
            "print(list(a), list(b))",
        ],
        {"k": 5},
    ),
    "frame fn inplace": (
        [
            "import pandas as pd",
            ("k=3", "parameters"),
            "def add(df):\n    df['z'] = k\n    return df",
            "a = pd.DataFrame({'a':[1]})",
            "b = add(a)",
            "print(list(a), list(b))",
        ],
        {"k": 5},
    ),
    "frame pipe inplace": (
        [
            "import pandas as pd",
            ("k=3", "parameters"),
            "def add(df):\n    df['z'] = k\n    return df",
            "a = pd.DataFrame({'a':[1]})",
            "b = a.pipe(add)",
            "print(list(a), list(b))",
        ],
        {"k": 5},
    ),
    "frame apply side": (
        [
            "import pandas as pd",
            ("k=3", "parameters"),
            "seen = []",
            "def f(v):\n    seen.append(v)\n    return v * k",
            "a = pd.DataFrame({'a':[1]})",
            "b = a.a.apply(f)",
            "print(seen, b.tolist())",
        ],
        {"k": 5},
    ),
    "cls registry": (
        [
            ("k=3", "parameters"),
            "REG = {}",
            "class Base:\n    def __init_subclass__(cls): REG[cls.__name__] = cls",
            "class A(Base): v = k",
            "print(sorted(REG), REG['A'].v)",
        ],
        {"k": 5},
    ),
    "metaclass": (
        [
            ("k=3", "parameters"),
            "class M(type):\n    made = []\n    def __new__(m, *a):\n        c = super().__new__(m, *a)\n        M.made.append(c)\n        return c",
            "class X(metaclass=M): pass",
            "print(len(M.made), k)",
        ],
        {"k": 5},
    ),
    "decorator registry": (
        [
            ("k=3", "parameters"),
            "H = []",
            "def hook(f):\n    H.append(f)\n    return f",
            "@hook\ndef a(): return k",
            "print([h() for h in H])",
        ],
        {"k": 5},
    ),
    "context mgr class": (
        [
            ("k=3", "parameters"),
            "log = []",
            "class T:\n    def __enter__(self): log.append('in'); return self\n    def __exit__(self, *a): log.append(k)",
            "with T() as t: pass",
            "print(log)",
        ],
        {"k": 5},
    ),
    "operator overload": (
        [
            ("k=3", "parameters"),
            "log = []",
            "class V:\n    def __add__(self, o):\n        log.append(k)\n        return self",
            "v = V()",
            "w = v + 1",
            "print(log)",
        ],
        {"k": 5},
    ),
    "del list var": (
        [("k=3", "parameters"), "tmp = [k]", "res = sum(tmp)", "del tmp", "print(res)"],
        {"k": 5},
    ),
    "reuse temp name": (
        [
            ("k=3", "parameters"),
            "tmp = k",
            "a = tmp * 2",
            "tmp = 'x'",
            "b = tmp * 2",
            "tmp = None",
            "print(a, b, tmp)",
        ],
        {"k": 5},
    ),
    "loop var reuse": (
        [
            ("k=3", "parameters"),
            "out = []\nfor i in range(k): out.append(i)",
            "i = 100",
            "for i in range(2): pass",
            "print(i, out)",
        ],
        {"k": 5},
    ),
    "if redefine fn": (
        [
            ("k=3", "parameters"),
            "if k > 4:\n    def f(): return 'big'\nelse:\n    def f(): return 'small'",
            "x = f()",
            "print(x)",
        ],
        {"k": 5},
    ),
    "fn overwritten value": (
        [("k=3", "parameters"), "def f(): return k", "y = f()", "f = 10", "print(f + y)"],
        {"k": 5},
    ),
    "import shadowed": (
        ["import math", ("k=3", "parameters"), "x = math.floor(2.5)", "math = k", "print(math, x)"],
        {"k": 5},
    ),
    "nested tuple params": (
        [("a, b = 1, 2\nc = d = 3", "parameters"), "print(a, b, c, d)"],
        {"a": 5, "d": 9},
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_parts_agree_with_the_whole_before_and_after_a_change(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    cells, changes = PROGRAMS[name]
    assert_agreement(notebook(*cells), changes)
