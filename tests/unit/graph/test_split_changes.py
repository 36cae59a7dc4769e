"""Of programs that are hard to split: after a change, the parts it reaches give what a run gives."""

# ruff: noqa: E501  # a program's line is as long as it is
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from notebooks import CellText, notebook
from splits import assert_agreement

Program = tuple[list[CellText], dict[str, Any]]
PROGRAMS: dict[str, Program] = {  # a name → (cells, parameters to change)
    "param mutated": (
        [("opts = {'a': 1}", "parameters"), "b = opts['a']", "opts['b'] = 2", "print(opts)"],
        {"opts": {"a": 5}},
    ),
    "param list alias": (
        [("xs = [1]", "parameters"), "ys = xs", "ys.append(2)", "print(xs)"],
        {"xs": [7]},
    ),
    "param redefined": ([("n = 1", "parameters"), "m = n + 1", "n = 10", "print(n + m)"], {"n": 5}),
    "param cond": ([("n = None", "parameters"), "if n is None:\n    n = 3", "print(n)"], {"n": 5}),
    "derived": ([("n = 1\nm = n * 2", "parameters"), "print(m)"], {"n": 5}),
    "derived fn": (
        [("n = 1\nend = max(n, 3)", "parameters"), "def f(): return end", "print(f())"],
        {"n": 5},
    ),
    "param through fn": (
        [
            ("n = 1", "parameters"),
            "def f(): return n",
            "def g(): return f()",
            "a = g()",
            "print(a)",
        ],
        {"n": 5},
    ),
    "param shadowed": (
        [("n = 1", "parameters"), "def f(n): return n", "print(f(3))", "print(n)"],
        {"n": 5},
    ),
    "no tag": (["n = 1\nk = 'a'", "x = n * 2", "print(x, k)"], {"n": 5}),
    "no tag mutated": (["n = 1\nxs = []", "xs.append(n)", "print(xs)"], {"n": 5}),
    "no tag reassigned": (["n = 1", "print(n)", "n = 2", "print(n)"], {}),
    "no tag global": (
        ["n = 1\nm=2", "def f():\n    global n\n    n += m", "f()", "print(n)"],
        {"m": 5},
    ),
    "no tag loop": (["n = 1\ni = 0", "for i in range(3): pass", "print(i,n)"], {"n": 5}),
    "import in params": (
        [("import datetime\nd = datetime.date(2000,1,1)", "parameters"), "print(d.year)"],
        {},
    ),
    "class & param": (
        [("n = 1", "parameters"), "class C:\n    k = n", "c = C()", "print(c.k)"],
        {"n": 5},
    ),
    "lambda & param": (
        [("n = 1", "parameters"), "f = lambda v: v + n", "x = f(1)", "print(x)"],
        {"n": 5},
    ),
    "default param": ([("n = 1", "parameters"), "def f(v=n): return v", "print(f())"], {"n": 5}),
    "decor": (
        [
            ("n = 1", "parameters"),
            "def d(f): return lambda: f() + n",
            "@d\ndef g(): return 1",
            "print(g())",
        ],
        {"n": 5},
    ),
    "fn captured twice": (
        [("n = 1", "parameters"), "def f(): return n", "a = f()", "n = 9", "b = f()", "print(a,b)"],
        {"n": 5},
    ),
    "reorder": (
        [("n = 1", "parameters"), "a = n", "b = 2", "c = a", "a = b", "d = a", "print(c, d)"],
        {"n": 5},
    ),
    "merge interleaved": (
        [
            ("n = 1", "parameters"),
            "xs = [n]",
            "y = 1",
            "ys = xs",
            "z = y + len(ys)",
            "y = 5",
            "xs.append(z)",
            "print(xs, y, z)",
        ],
        {"n": 5},
    ),
    "interleaved redefs": (
        [
            ("n = 1", "parameters"),
            "xs = [n]",
            "t = 1",
            "a = t",
            "t = 2",
            "xs.append(t)",
            "b = t",
            "t = 3",
            "xs.append(t)",
            "print(xs, a, b, t)",
        ],
        {"n": 5},
    ),
    "df flow": (
        [
            "import pandas as pd, numpy as np",
            ("w = 2\nk = 1.5", "parameters"),
            "df = pd.DataFrame({'a': np.arange(6.), 'g': list('xyxyxy')})",
            "df['b'] = df.a * k",
            "def roll(s): return s.rolling(w).mean()",
            "df['c'] = roll(df.a)",
            "agg = df.groupby('g').b.sum()",
            "print(agg.to_dict())",
            "df = df.rename(columns={'a': 'A'})",
            "print(list(df), df.c.sum())",
            "out = df[df.b > 2]",
            "out = out.assign(z=1)",
            "print(len(out), list(df))",
        ],
        {"k": 2.0, "w": 3},
    ),
    "df view": (
        [
            "import pandas as pd",
            ("k=1", "parameters"),
            "df = pd.DataFrame({'a':[1,2,3]})",
            "s = df['a']",
            "s2 = s + k",
            "print(s2.tolist())",
            "sub = df.loc[df.a>1]",
            "sub = sub.copy()\nsub['q'] = k",
            "print(sub.q.sum(), list(df))",
        ],
        {"k": 4},
    ),
    "np inplace": (
        [
            "import numpy as np",
            ("k=1", "parameters"),
            "a = np.zeros(3)",
            "b = a[1:]",
            "b += k",
            "print(a)",
            "c = a.copy()",
            "c[0] = 9",
            "print(a, c)",
        ],
        {"k": 4},
    ),
    "apply global": (
        [
            "import pandas as pd",
            ("k=1", "parameters"),
            "df = pd.DataFrame({'a':[1,2,3]})",
            "r = df.a.apply(lambda v: v*k)",
            "k2 = k + 1",
            "print(r.tolist(), k2)",
        ],
        {"k": 4},
    ),
    "memo dict": (
        [
            ("k=3", "parameters"),
            "memo = {}",
            "def fib(n):\n    if n < 2: return n\n    if n not in memo:\n        memo[n] = fib(n-1) + fib(n-2)\n    return memo[n]",
            "x = fib(k)",
            "print(x, memo)",
        ],
        {"k": 6},
    ),
    "accum": (
        [
            ("k=3", "parameters"),
            "total = 0",
            "for i in range(k):\n    total += i",
            "avg = total / k",
            "print(avg)",
        ],
        {"k": 6},
    ),
    "try/finally": (
        [
            ("k=3", "parameters"),
            "log = []",
            "try:\n    log.append(1/ (k-3))\nexcept ZeroDivisionError:\n    log.append('z')\nfinally:\n    log.append('f')",
            "print(log)",
        ],
        {"k": 6},
    ),
    "a value nobody reads": ([("k=3", "parameters"), "x = 1", "print(x)"], {"k": 4}),
    "nested def param": (
        [
            ("k=3", "parameters"),
            "def a():\n    def b():\n        return k\n    return b()",
            "print(a())",
        ],
        {"k": 4},
    ),
    "comp cond": (
        [("k=3", "parameters"), "xs=[v for v in range(9) if v > k]", "print(xs)"],
        {"k": 6},
    ),
    "fn with mutable global config": (
        [
            ("k=3", "parameters"),
            "cfg = {'k': k}",
            "def run(): return cfg['k'] * 2",
            "a = run()",
            "cfg['k'] = 10",
            "b = run()",
            "print(a, b)",
        ],
        {"k": 6},
    ),
    "two lists": (
        [
            ("k=3", "parameters"),
            "a=[k]\nb=[k]",
            "a.append(1)",
            "print(b)",
            "b.append(2)",
            "print(a)",
        ],
        {"k": 6},
    ),
    "string building": (
        [("k='x'", "parameters"), "s = ''", "s += k", "s = s.upper()", "print(s)"],
        {"k": "q"},
    ),
    "global in class": (
        [
            ("k=3", "parameters"),
            "count = 0",
            "class C:\n    def __init__(self):\n        global count\n        count += k",
            "C(); C()",
            "print(count)",
        ],
        {"k": 6},
    ),
    "iter param": (
        [
            ("k=3", "parameters"),
            "it = iter(range(k))",
            "a = next(it)",
            "b = list(it)",
            "print(a,b)",
        ],
        {"k": 6},
    ),
    "enumerate kept": (
        [
            ("k=3", "parameters"),
            "e = enumerate(range(k))",
            "for i, v in e:\n    if i == 1: break",
            "rest = list(e)",
            "print(rest)",
        ],
        {"k": 6},
    ),
    "dict views": (
        [("k=3", "parameters"), "d = {'a': k}", "ks = d.keys()", "d['b'] = 1", "print(list(ks))"],
        {"k": 6},
    ),
    "dict items view": (
        [
            ("k=3", "parameters"),
            "d = {'a': k}",
            "v = d.values()",
            "print(sum(v))",
            "d['b'] = 1",
            "print(sum(v))",
        ],
        {"k": 6},
    ),
    "memoryview": (
        [
            ("k=3", "parameters"),
            "b = bytearray([k, 1])",
            "m = memoryview(b)",
            "m[0] = 9",
            "print(b[0])",
        ],
        {"k": 6},
    ),
    "chainmap": (
        [
            "from collections import ChainMap",
            ("k=3", "parameters"),
            "d = {'a': k}",
            "c = ChainMap({}, d)",
            "d['a'] = 100",
            "print(c['a'])",
        ],
        {"k": 6},
    ),
    "mappingproxy": (
        [
            "from types import MappingProxyType as MP",
            ("k=3", "parameters"),
            "d = {'a': k}",
            "c = MP(d)",
            "d['a'] = 100",
            "print(c['a'])",
        ],
        {"k": 6},
    ),
    "user holder": (
        [
            ("k=3", "parameters"),
            "class H:\n    def __init__(self, xs): self.xs = xs",
            "xs = [k]",
            "h = H(xs)",
            "xs.append(1)",
            "print(h.xs)",
        ],
        {"k": 6},
    ),
    "simple ns holder": (
        [
            "from types import SimpleNamespace as NS",
            ("k=3", "parameters"),
            "xs = [k]",
            "h = NS(xs=xs)",
            "xs.append(1)",
            "print(h.xs)",
        ],
        {"k": 6},
    ),
    "dict() holder": (
        [("k=3", "parameters"), "xs = [k]", "h = dict(xs=xs)", "xs.append(1)", "print(h)"],
        {"k": 6},
    ),
    "zip holder": (
        [("k=3", "parameters"), "xs = [k]", "h = dict(zip('a', [xs]))", "xs.append(1)", "print(h)"],
        {"k": 6},
    ),
    "deque holder": (
        [
            "from collections import deque",
            ("k=3", "parameters"),
            "xs = [k]",
            "h = deque([xs])",
            "xs.append(1)",
            "print(h[0])",
        ],
        {"k": 6},
    ),
    "func returns holder": (
        [
            ("k=3", "parameters"),
            "def wrap(v): return {'v': v}",
            "xs = [k]",
            "h = wrap(xs)",
            "xs.append(1)",
            "print(h)",
        ],
        {"k": 6},
    ),
    "func returns holder2": (
        [
            ("k=3", "parameters"),
            "def wrap(v):\n    out = {}\n    out['v'] = v\n    return out",
            "xs = [k]",
            "h = wrap(xs)",
            "xs.append(1)",
            "print(h)",
        ],
        {"k": 6},
    ),
    "func stores global": (
        [
            ("k=3", "parameters"),
            "store = []",
            "def keep(v):\n    store.append(v)",
            "xs = [k]",
            "keep(xs)",
            "xs.append(1)",
            "print(store)",
        ],
        {"k": 6},
    ),
    "np array of list": (
        [
            "import numpy as np",
            ("k=3", "parameters"),
            "a = np.ones(3)",
            "b = np.array(a)",
            "c = np.array(a, copy=False)",
            "a[0] = k",
            "print(b[0], c[0])",
        ],
        {"k": 6},
    ),
    "pandas from np": (
        [
            "import numpy as np, pandas as pd",
            ("k=3", "parameters"),
            "a = np.ones(3)",
            "df = pd.DataFrame(a)",
            "a[0] = k",
            "print(df.iloc[0,0])",
        ],
        {"k": 6},
    ),
    "series from np": (
        [
            "import numpy as np, pandas as pd",
            ("k=3", "parameters"),
            "a = np.ones(3)",
            "s = pd.Series(a, copy=False)",
            "a[0] = k",
            "print(s.iloc[0])",
        ],
        {"k": 6},
    ),
    "to_numpy view": (
        [
            "import numpy as np, pandas as pd",
            ("k=3", "parameters"),
            "df = pd.DataFrame({'a': np.ones(3)})",
            "v = df.to_numpy()",
            "print(v.sum())",
        ],
        {"k": 6},
    ),
    "frombuffer": (
        [
            "import numpy as np",
            ("k=3", "parameters"),
            "b = bytearray(4)",
            "v = np.frombuffer(b, dtype='u1')",
            "b[0] = k",
            "print(v[0])",
        ],
        {"k": 6},
    ),
    "heap sharing": (
        [
            "import heapq",
            ("k=3", "parameters"),
            "h = []",
            "item = [k]",
            "heapq.heappush(h, item)",
            "item.append(1)",
            "print(h)",
        ],
        {"k": 6},
    ),
    "sorted then mutate elem": (
        [
            ("k=3", "parameters"),
            "rows=[{'v':k},{'v':1}]",
            "top = sorted(rows, key=lambda r: r['v'])[0]",
            "top['seen'] = True",
            "print(rows)",
        ],
        {"k": 6},
    ),
    "min elem": (
        [
            ("k=3", "parameters"),
            "rows=[{'v':k},{'v':1}]",
            "low = min(rows, key=lambda r: r['v'])",
            "low['seen'] = True",
            "print(rows)",
        ],
        {"k": 6},
    ),
    "filter elem": (
        [
            ("k=3", "parameters"),
            "rows=[{'v':k},{'v':1}]",
            "big = list(filter(lambda r: r['v'] > 2, rows))",
            "big[0]['seen'] = True",
            "print(rows)",
        ],
        {"k": 6},
    ),
    "next elem": (
        [
            ("k=3", "parameters"),
            "rows=[{'v':k},{'v':1}]",
            "one = next(r for r in rows if r['v'] > 2)",
            "one['seen'] = True",
            "print(rows)",
        ],
        {"k": 6},
    ),
    "dict lookup elem": (
        [
            ("k=3", "parameters"),
            "rows=[{'v':k},{'v':1}]",
            "byv = {r['v']: r for r in rows}",
            "byv[1]['seen'] = True",
            "print(rows)",
        ],
        {"k": 6},
    ),
    "groupby elem": (
        [
            "from itertools import groupby",
            ("k=3", "parameters"),
            "rows=[{'v':k},{'v':1}]",
            "g = {a: list(b) for a, b in groupby(rows, key=lambda r: r['v'])}",
            "g[1][0]['seen'] = True",
            "print(rows)",
        ],
        {"k": 6},
    ),
    "user func elem": (
        [
            ("k=3", "parameters"),
            "rows=[{'v':k},{'v':1}]",
            "def find(n):\n    for r in rows:\n        if r['v'] == n: return r",
            "r1 = find(1)",
            "r1['seen'] = True",
            "print(rows)",
        ],
        {"k": 6},
    ),
    "user func elem arg": (
        [
            ("k=3", "parameters"),
            "rows=[{'v':k},{'v':1}]",
            "def find(rs, n):\n    return [r for r in rs if r['v'] == n][0]",
            "r1 = find(rows, 1)",
            "r1['seen'] = True",
            "print(rows)",
        ],
        {"k": 6},
    ),
    "method returns self": (
        [
            ("k=3", "parameters"),
            "class B:\n    def __init__(self): self.x=[]\n    def add(self, v):\n        self.x.append(v)\n        return self",
            "b = B()",
            "c = b.add(k)",
            "c.add(1)",
            "print(b.x)",
        ],
        {"k": 6},
    ),
    "operator iadd alias": (
        [("k=3", "parameters"), "a = b = []", "a += [k]", "print(b)"],
        {"k": 6},
    ),
    "exception obj": (
        [
            ("k=3", "parameters"),
            "errs = []",
            "try:\n    raise ValueError(k)\nexcept ValueError as e:\n    errs.append(e)",
            "print(errs[0].args)",
        ],
        {"k": 6},
    ),
    "global fn in dict changes": (
        [
            ("k=3", "parameters"),
            "hits = [0]",
            "def inc(): hits[0] += 1",
            "acts = {'i': inc}",
            "acts['i']()",
            "print(hits)",
        ],
        {"k": 6},
    ),
    "callback in map": (
        [
            ("k=3", "parameters"),
            "hits = []",
            "def inc(v):\n    hits.append(v)\n    return v",
            "out = list(map(inc, range(k)))",
            "print(hits)",
        ],
        {"k": 6},
    ),
    "sort key callback obj": (
        [
            ("k=3", "parameters"),
            "hits = []",
            "class K:\n    def __call__(self, v):\n        hits.append(v)\n        return v",
            "out = sorted([2,k], key=K())",
            "print(hits)",
        ],
        {"k": 6},
    ),
    "property side": (
        [
            ("k=3", "parameters"),
            "class C:\n    n = 0\n    @property\n    def p(self):\n        C.n += 1\n        return C.n",
            "c = C()",
            "a = c.p",
            "b = c.p",
            "print(a,b)",
        ],
        {"k": 6},
    ),
    "dunder side": (
        [
            ("k=3", "parameters"),
            "log = []\nclass C:\n    def __getitem__(self, i):\n        log.append(i)\n        return i",
            "c = C()",
            "x = c[k]",
            "print(log)",
        ],
        {"k": 6},
    ),
    "generator global": (
        [
            ("k=3", "parameters"),
            "log = []",
            "def g():\n    for i in range(k):\n        log.append(i)\n        yield i",
            "out = list(g())",
            "print(log, out)",
        ],
        {"k": 6},
    ),
    "lazy map global": (
        [
            ("k=3", "parameters"),
            "log = []",
            "m = map(log.append, range(k))",
            "out = list(m)",
            "print(log)",
        ],
        {"k": 6},
    ),
    "tee": (
        [
            "import itertools",
            ("k=3", "parameters"),
            "a, b = itertools.tee(range(k))",
            "x = list(a)",
            "y = list(b)",
            "print(x, y)",
        ],
        {"k": 6},
    ),
    "env": (
        [
            "import os",
            ("k='v'", "parameters"),
            "os.environ['NB_T'] = k",
            "x = os.environ.get('NB_T')",
            "print(x)",
        ],
        {"k": "w"},
    ),
    "cwd": (
        [
            "import os",
            ("k='v'", "parameters"),
            "os.makedirs('dd', exist_ok=True)",
            "os.chdir('dd')",
            "print(os.path.basename(os.getcwd()))",
        ],
        {"k": "w"},
    ),
    "file param": (
        [
            ("p='o1.txt'", "parameters"),
            "open(p,'w').write('1')",
            "open('o1.txt').read()",
            "print(open(p).read())",
        ],
        {"p": "o2.txt"},
    ),
    "append file": (
        [
            ("k='v'", "parameters"),
            "open('ap.txt','w').close()",
            "with open('ap.txt','a') as f:\n    f.write(k)",
            "with open('ap.txt','a') as f:\n    f.write('2')",
            "print(open('ap.txt').read())",
        ],
        {"k": "w"},
    ),
    "print only order": ([("k='v'", "parameters"), "print(1)", "print(k)"], {"k": "w"}),
    "seed param": (
        [
            "import random",
            ("s=1", "parameters"),
            "random.seed(s)",
            "a = random.random()",
            "c = 4",
            "b = random.random()",
            "print(a, b, c)",
        ],
        {"s": 2},
    ),
    "seed np param": (
        [
            "import numpy as np",
            ("s=1", "parameters"),
            "np.random.seed(s)",
            "a = np.random.rand()",
            "def draw(): return np.random.rand()",
            "b = draw()",
            "print(a, b)",
        ],
        {"s": 2},
    ),
    "random state pandas": (
        [
            "import numpy as np, pandas as pd",
            ("s=1", "parameters"),
            "np.random.seed(s)",
            "df = pd.DataFrame({'a': range(9)})",
            "x = df.sample(2)",
            "y = df.sample(2)",
            "print(x.a.tolist(), y.a.tolist())",
        ],
        {"s": 2},
    ),
    "rng in class": (
        [
            "import numpy as np",
            ("s=1", "parameters"),
            "class S:\n    def __init__(self): self.r = np.random.default_rng(s)\n    def go(self): return self.r.normal()",
            "q = S()",
            "a = q.go()",
            "b = q.go()",
            "print(a,b)",
        ],
        {"s": 2},
    ),
    "rng in dict": (
        [
            "import numpy as np",
            ("s=1", "parameters"),
            "d = {'r': np.random.default_rng(s)}",
            "a = d['r'].normal()",
            "b = d['r'].normal()",
            "print(a,b)",
        ],
        {"s": 2},
    ),
    "rng from fn": (
        [
            "import numpy as np",
            ("s=1", "parameters"),
            "def make(): return np.random.default_rng(s)",
            "r = make()",
            "a = r.normal()",
            "b = r.normal()",
            "print(a,b)",
        ],
        {"s": 2},
    ),
    "rng from fn2": (
        [
            "import numpy as np",
            ("s=1", "parameters"),
            "def make():\n    g = np.random.default_rng(s)\n    return g",
            "r = make()",
            "a = r.normal()",
            "b = r.normal()",
            "print(a,b)",
        ],
        {"s": 2},
    ),
    "rng arg": (
        [
            "import numpy as np",
            ("s=1", "parameters"),
            "r = np.random.default_rng(s)",
            "def d(g): return g.normal()",
            "a = d(r)",
            "b = d(r)",
            "print(a,b)",
        ],
        {"s": 2},
    ),
    "iterator from fn": (
        [
            ("s=3", "parameters"),
            "def make():\n    return iter(range(s))",
            "r = make()",
            "a = next(r)",
            "b = list(r)",
            "print(a,b)",
        ],
        {"s": 5},
    ),
    "iterator from fn var": (
        [
            ("s=3", "parameters"),
            "def make():\n    r = iter(range(s))\n    return r",
            "r = make()",
            "a = list(r)",
            "b = list(r)",
            "print(a,b)",
        ],
        {"s": 5},
    ),
    "genexp from fn": (
        [
            ("s=3", "parameters"),
            "def make():\n    return (i for i in range(s))",
            "r = make()",
            "a = list(r)",
            "b = list(r)",
            "print(a,b)",
        ],
        {"s": 5},
    ),
    "class instance from fn": (
        [
            ("s=3", "parameters"),
            "class C: pass",
            "def make(): return C()",
            "r = make()",
            "ok = isinstance(r, C)",
            "print(ok)",
        ],
        {"s": 5},
    ),
    "typed class param": (
        [
            ("s=3", "parameters"),
            "from dataclasses import dataclass",
            "@dataclass\nclass P:\n    v: int",
            "ps = [P(i) for i in range(s)]",
            "ps[0].v = 9",
            "print(ps)",
        ],
        {"s": 5},
    ),
    "module reload state": (
        ["import string", ("s=3", "parameters"), "string.mine = s", "print(string.mine)"],
        {"s": 5},
    ),
    "monkeypatch": (
        [
            "import math",
            ("s=3", "parameters"),
            "old = math.sqrt\nmath.sqrt = lambda v: s",
            "x = math.sqrt(4)",
            "math.sqrt = old",
            "print(x)",
        ],
        {"s": 5},
    ),
    "builtins patched": (
        ["import builtins", ("s=3", "parameters"), "builtins.zzz = s", "print(zzz)"],
        {"s": 5},
    ),
    "sys.modules": (
        [
            "import sys, types",
            ("s=3", "parameters"),
            "sys.modules['zzm'] = types.SimpleNamespace(v=s)",
            "import zzm\nprint(zzm.v)",
        ],
        {"s": 5},
    ),
    "contextlib fn": (
        [
            "import contextlib",
            ("s=3", "parameters"),
            "xs=[s]",
            "@contextlib.contextmanager\ndef cm():\n    yield xs",
            "with cm() as y:\n    y.append(1)",
            "print(xs)",
        ],
        {"s": 5},
    ),
    "eval reading": ([("s=3", "parameters"), "x = eval('s + 1')", "print(x)"], {"s": 5}),
    "locals fn": (
        [("s=3", "parameters"), "def f():\n    a = 1\n    return locals()", "d = f()", "print(d)"],
        {"s": 5},
    ),
    "getattr module": (
        ["import math", ("s='pi'", "parameters"), "print(getattr(math, s))"],
        {"s": "e"},
    ),
    "del param": ([("s=3", "parameters"), "t = s", "del s", "print(t)"], {"s": 5}),
    "if name main": (
        [("s=3", "parameters"), "if __name__ == '__main__':\n    z = s", "print(z)"],
        {"s": 5},
    ),
    "fstring self": ([("s=3", "parameters"), "x = f'{s=}'", "print(x)"], {"s": 5}),
    "star args": ([("s=3", "parameters"), "a, *b = range(s)", "print(a, b)"], {"s": 5}),
    "dict merge": (
        [
            ("s=3", "parameters"),
            "d = {'a': [s]}",
            "e = {**d, 'b': 1}",
            "e['a'].append(4)",
            "print(d)",
        ],
        {"s": 5},
    ),
    "dict or": (
        [
            ("s=3", "parameters"),
            "d = {'a': [s]}",
            "e = d | {'b': 1}",
            "e['a'].append(4)",
            "print(d)",
        ],
        {"s": 5},
    ),
    "list star": (
        [("s=3", "parameters"), "d = [[s]]", "e = [*d, 1]", "e[0].append(4)", "print(d)"],
        {"s": 5},
    ),
    "ternary copy": (
        [("s=3", "parameters"), "d = [[s]]", "e = d[:] if s else []", "e[0].append(4)", "print(d)"],
        {"s": 5},
    ),
    "lambda holder": (
        [("s=3", "parameters"), "xs=[s]", "get = lambda: xs", "get().append(4)", "print(xs)"],
        {"s": 5},
    ),
    "fn get chain": (
        [("s=3", "parameters"), "xs=[s]", "def get(): return xs", "get().append(4)", "print(xs)"],
        {"s": 5},
    ),
    "fn get item set": (
        [("s=3", "parameters"), "xs=[s]", "def get(): return xs", "get()[0] = 4", "print(xs)"],
        {"s": 5},
    ),
    "method get chain": (
        [
            ("s=3", "parameters"),
            "class C:\n    def __init__(self): self.xs=[]\n    def get(self): return self.xs",
            "c=C()",
            "c.get().append(s)",
            "print(c.xs)",
        ],
        {"s": 5},
    ),
    "aug attr": (
        [
            "from types import SimpleNamespace as NS",
            ("s=3", "parameters"),
            "o = NS(n=0)",
            "o.n += s",
            "print(o.n)",
        ],
        {"s": 5},
    ),
    "swap elements": (
        [("s=3", "parameters"), "xs=[s,1]", "xs[0], xs[1] = xs[1], xs[0]", "print(xs)"],
        {"s": 5},
    ),
    "for target item": (
        [("s=3", "parameters"), "d={}", "for d['k'] in range(s): pass", "print(d)"],
        {"s": 5},
    ),
    "with target attr": (
        [
            "import contextlib",
            ("s=3", "parameters"),
            "d={}",
            "with contextlib.nullcontext(s) as d['k']: pass",
            "print(d)",
        ],
        {"s": 5},
    ),
    "import as attr": (
        [("s=3", "parameters"), "import os.path as op", "print(op.basename('a/b'))"],
        {"s": 5},
    ),
    "os submodule": (
        ["import xml", ("s=3", "parameters"), "import xml.dom", "print(hasattr(xml, 'dom'))"],
        {"s": 5},
    ),
    "two imports": (
        [
            "import numpy as np",
            "x = np.ones(2)",
            "import numpy as np\ny = x.sum()",
            "print(np.array([y]))",
        ],
        {},
    ),
    "fn redefined identical": (
        ["def f(): return 1", "a = f()", "def f(): return 1", "b = f()", "print(a+b)"],
        {},
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
