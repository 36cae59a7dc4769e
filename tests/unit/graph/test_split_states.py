"""Of programs whose state lies in objects, libraries and files: parts agree with the whole."""

# ruff: noqa: E501  # a program's line is as long as it is
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from notebooks import CellText, notebook
from splits import assert_agreement

Program = tuple[list[CellText], dict[str, Any]]
PROGRAMS: dict[str, Program] = {  # a name → (cells, parameters to change)
    "frame copy self": (
        [
            "import pandas as pd",
            ("k=1", "parameters"),
            "df0 = pd.DataFrame({'a':[1,2,3]})",
            "df = df0.copy()\ndf['b'] = k",
            "print(list(df0))",
            "df = df.copy()\ndf['c'] = 1",
            "print(list(df), list(df0))",
        ],
        {"k": 4},
    ),
    "renewed deep": (
        [("k=1", "parameters"), "x = [[k]]", "y = x", "x = x.copy()\nx[0].append(2)", "print(y)"],
        {"k": 4},
    ),
    "renewed shallow": (
        [("k=1", "parameters"), "x = [[k]]", "y = x", "x = x.copy()\nx.append(2)", "print(y, x)"],
        {"k": 4},
    ),
    "renewed then holder": (
        [
            ("k=1", "parameters"),
            "x = [k]",
            "box = []",
            "x = list(x)\nbox.append(x)\nx.append(5)",
            "print(box)",
        ],
        {"k": 4},
    ),
    "renewed by branch": (
        [
            ("k=1", "parameters"),
            "x = [k]",
            "y = x",
            "if k > 2:\n    x = list(x)\nx.append(5)",
            "print(y)",
        ],
        {"k": 4},
    ),
    "renewed in loop": (
        [
            ("k=1", "parameters"),
            "x = [k]",
            "y = x",
            "for i in range(2):\n    x.append(i)\n    x = list(x)",
            "print(y, x)",
        ],
        {"k": 4},
    ),
    "own then shared in loop": (
        [
            ("k=1", "parameters"),
            "box = []",
            "for i in range(3):\n    row = []\n    row.append(i)\n    box.append(row)\n    box[0].append(k)",
            "print(box)",
        ],
        {"k": 4},
    ),
    "shared before own mutated": (
        [
            ("k=1", "parameters"),
            "box = []",
            "row = [k]\nbox.append(row)",
            "row.append(2)",
            "print(box)",
        ],
        {"k": 4},
    ),
    "dict literal holder": (
        [("k=1", "parameters"), "row = [k]", "d = {'r': row}", "row.append(2)", "print(d)"],
        {"k": 4},
    ),
    "dict literal holder 2": (
        [("k=1", "parameters"), "row = [k]", "d = {'r': row}", "d['r'] = 3", "print(row, d)"],
        {"k": 4},
    ),
    "tuple holder deep": (
        [
            ("k=1", "parameters"),
            "a=[k]\nb=[2]",
            "t = (a, b)",
            "for v in t: v.append(0)",
            "print(a,b)",
        ],
        {"k": 4},
    ),
    "nested fn mutates arg": (
        [
            ("k=1", "parameters"),
            "def outer(v):\n    def inner():\n        v.append(k)\n    inner()",
            "x=[0]",
            "outer(x)",
            "print(x)",
        ],
        {"k": 4},
    ),
    "fn in fn param": (
        [
            ("k=1", "parameters"),
            "def call(f, v): return f(v)",
            "def push(v):\n    v.append(k)\n    return v",
            "x=[0]",
            "call(push, x)",
            "print(x)",
        ],
        {"k": 4},
    ),
    "decorated mutates arg": (
        [
            ("k=1", "parameters"),
            "def deco(f):\n    def w(v):\n        v.append(k)\n        return f(v)\n    return w",
            "@deco\ndef go(v): return len(v)",
            "x=[0]",
            "n = go(x)",
            "print(x, n)",
        ],
        {"k": 4},
    ),
    "partial mutates": (
        [
            "from functools import partial",
            ("k=1", "parameters"),
            "def add(v, n):\n    v.append(n)",
            "x=[0]",
            "p = partial(add, x)",
            "p(k)",
            "print(x)",
        ],
        {"k": 4},
    ),
    "lambda chain": (
        [
            ("k=1", "parameters"),
            "def add(v, n):\n    v.append(n)",
            "x=[0]",
            "go = lambda n: add(x, n)",
            "go(k)",
            "print(x)",
        ],
        {"k": 4},
    ),
    "default arg alias": (
        [("k=1", "parameters"), "x=[0]", "def go(v=x):\n    v.append(k)", "go()", "print(x)"],
        {"k": 4},
    ),
    "default none": (
        [
            ("k=1", "parameters"),
            "def go(v=None):\n    v = v or []\n    v.append(k)\n    return v",
            "a = go()",
            "b = go(a)",
            "print(a, b)",
        ],
        {"k": 4},
    ),
    "kwarg only call": (
        [
            ("k=1", "parameters"),
            "def go(*, out):\n    out['a'] = k",
            "d={}",
            "go(out=d)",
            "print(d)",
        ],
        {"k": 4},
    ),
    "class stores": (
        [
            ("k=1", "parameters"),
            "class Bag:\n    def __init__(self): self.items = []\n    def put(self, v):\n        self.items.append(v)\n        return self",
            "bag = Bag()",
            "bag.put(k)",
            "n = len(bag.items)",
            "print(n)",
        ],
        {"k": 4},
    ),
    "static": (
        [
            ("k=1", "parameters"),
            "class S:\n    @staticmethod\n    def go(v): v.append(k)",
            "x=[0]",
            "S.go(x)",
            "print(x)",
        ],
        {"k": 4},
    ),
    "classmethod": (
        [
            ("k=1", "parameters"),
            "class S:\n    n = 0\n    @classmethod\n    def go(cls): cls.n += k",
            "S.go()",
            "S.go()",
            "print(S.n)",
        ],
        {"k": 4},
    ),
    "subclass": (
        [
            ("k=1", "parameters"),
            "class A:\n    def f(self): return k",
            "class B(A): pass",
            "b = B()",
            "print(b.f(), isinstance(b, A))",
        ],
        {"k": 4},
    ),
    "super init": (
        [
            ("k=1", "parameters"),
            "class A:\n    def __init__(self): self.v = k",
            "class B(A):\n    def __init__(self):\n        super().__init__()\n        self.w = 2",
            "b = B()",
            "print(b.v, b.w)",
        ],
        {"k": 4},
    ),
    "try except else order": (
        [
            ("k=1", "parameters"),
            "try:\n    r = 10 / (k - 1)\nexcept ZeroDivisionError:\n    r = None\nelse:\n    ok = True",
            "print(r)",
        ],
        {"k": 4},
    ),
    "cond del": (
        [
            ("k=1", "parameters"),
            "x = 5",
            "if k > 2:\n    del x",
            "print('x' if k <= 2 else 'gone')",
        ],
        {"k": 4},
    ),
    "while accum": (
        [
            ("k=1", "parameters"),
            "n = k",
            "steps = []",
            "while n < 5:\n    n += 1\n    steps.append(n)",
            "print(n, steps)",
        ],
        {"k": 4},
    ),
    "match rebind": (
        [
            ("k=1", "parameters"),
            "r = 0",
            "match k:\n    case 1: r = 'one'\n    case _: r = 'many'",
            "print(r)",
        ],
        {"k": 4},
    ),
    "fn reads late redefinition": (
        [
            ("k=1", "parameters"),
            "def f(): return g()",
            "def g(): return k",
            "a = f()",
            "k2 = a",
            "print(k2)",
        ],
        {"k": 4},
    ),
    "import fn from module mutates": (
        [
            "import random",
            ("k=1", "parameters"),
            "random.seed(k)",
            "xs=[1,2,3,4]",
            "random.shuffle(xs)",
            "ys = random.sample(xs, 2)",
            "print(xs, ys)",
        ],
        {"k": 4},
    ),
    "from random import": (
        [
            "from random import seed, shuffle, choice",
            ("k=1", "parameters"),
            "seed(k)",
            "xs=[1,2,3,4]",
            "shuffle(xs)",
            "c = choice(xs)",
            "print(xs, c)",
        ],
        {"k": 4},
    ),
    "np seed via RandomState": (
        [
            "import numpy as np",
            ("k=1", "parameters"),
            "rs = np.random.RandomState(k)",
            "a = rs.rand()",
            "b = rs.rand()",
            "print(a,b)",
        ],
        {"k": 4},
    ),
    "np global state fn": (
        [
            "import numpy as np",
            ("k=1", "parameters"),
            "np.random.seed(k)",
            "def noise(n): return np.random.randn(n)",
            "a = noise(2)",
            "b = noise(2)",
            "print(a.sum(), b.sum())",
        ],
        {"k": 4},
    ),
    "np poly": (
        [
            "import numpy as np",
            ("k=1", "parameters"),
            "x = np.linspace(0,1,5)",
            "y = x ** k",
            "p = np.polyfit(x, y, 1)",
            "x += 1",
            "print(p.round(3), x.sum())",
        ],
        {"k": 4},
    ),
    "df chained": (
        [
            "import pandas as pd",
            ("k=1", "parameters"),
            "df = pd.DataFrame({'a':[3,1,2]})",
            "top = df.sort_values('a').head(2)",
            "df['a'] += k",
            "print(top.a.tolist(), df.a.tolist())",
        ],
        {"k": 4},
    ),
    "df pop": (
        [
            "import pandas as pd",
            ("k=1", "parameters"),
            "df = pd.DataFrame({'a':[3,1,2],'b':[1,2,3]})",
            "y = df.pop('b')",
            "print(list(df), y.sum()+k)",
        ],
        {"k": 4},
    ),
    "df index set": (
        [
            "import pandas as pd",
            ("k=1", "parameters"),
            "df = pd.DataFrame({'a':[3,1,2]})",
            "df.index = df.index + k",
            "print(df.index.tolist())",
        ],
        {"k": 4},
    ),
    "df dict": (
        [
            "import pandas as pd",
            ("k=1", "parameters"),
            "frames = {n: pd.DataFrame({'a':[n]}) for n in range(2)}",
            "for f in frames.values():\n    f['b'] = k",
            "print([list(f) for f in frames.values()])",
        ],
        {"k": 4},
    ),
    "df list concat": (
        [
            "import pandas as pd",
            ("k=1", "parameters"),
            "parts = []",
            "for i in range(2):\n    parts.append(pd.DataFrame({'a':[i+k]}))",
            "df = pd.concat(parts)",
            "print(df.a.tolist())",
        ],
        {"k": 4},
    ),
    "df groupby object": (
        [
            "import pandas as pd",
            ("k=1", "parameters"),
            "df = pd.DataFrame({'a':[3,1,2],'g':[0,0,1]})",
            "g = df.groupby('g')",
            "df['a'] = k",
            "print(g.a.sum().tolist())",
        ],
        {"k": 4},
    ),
    "df rolling object": (
        [
            "import pandas as pd",
            ("k=1", "parameters"),
            "df = pd.DataFrame({'a':[3.,1.,2.]})",
            "r = df.a.rolling(2)",
            "df.loc[0,'a'] = k",
            "print(r.sum().tolist())",
        ],
        {"k": 4},
    ),
    "series from dict": (
        [
            "import pandas as pd",
            ("k=1", "parameters"),
            "d = {'a': k}",
            "s = pd.Series(d)",
            "d['b'] = 2",
            "print(s.to_dict())",
        ],
        {"k": 4},
    ),
    "mpl": (
        [
            "import matplotlib\nmatplotlib.use('agg')\nimport matplotlib.pyplot as plt",
            ("k=1", "parameters"),
            "fig, ax = plt.subplots()",
            "ax.plot([1,2],[k,2])",
            "n = len(ax.lines)",
            "print(n, len(fig.axes))",
        ],
        {"k": 4},
    ),
    "mpl rc": (
        [
            "import matplotlib\nmatplotlib.use('agg')\nimport matplotlib.pyplot as plt",
            ("k=1", "parameters"),
            "plt.rcParams['figure.dpi'] = 77",
            "fig = plt.figure()",
            "print(fig.dpi)",
        ],
        {"k": 4},
    ),
    "mpl rc param": (
        [
            "import matplotlib\nmatplotlib.use('agg')\nimport matplotlib.pyplot as plt",
            ("k=50", "parameters"),
            "plt.rcParams['figure.dpi'] = k",
            "fig = plt.figure()",
            "print(fig.dpi)",
        ],
        {"k": 60},
    ),
    "mpl rc param update": (
        [
            "import matplotlib\nmatplotlib.use('agg')\nimport matplotlib.pyplot as plt",
            ("k=50", "parameters"),
            "plt.rcParams.update({'figure.dpi': k})",
            "fig = plt.figure()",
            "print(fig.dpi)",
        ],
        {"k": 60},
    ),
    "mpl rc alias": (
        [
            "import matplotlib\nmatplotlib.use('agg')\nimport matplotlib.pyplot as plt",
            ("k=50", "parameters"),
            "rc = plt.rcParams",
            "rc['figure.dpi'] = 66",
            "fig = plt.figure()",
            "print(fig.dpi, k)",
        ],
        {"k": 60},
    ),
    "mpl fn sets": (
        [
            "import matplotlib\nmatplotlib.use('agg')\nimport matplotlib.pyplot as plt",
            ("k=50", "parameters"),
            "def style():\n    plt.rcParams['figure.dpi'] = k",
            "style()",
            "fig = plt.figure()",
            "print(fig.dpi)",
        ],
        {"k": 60},
    ),
    "pd option fn": (
        [
            "import pandas as pd",
            ("k=50", "parameters"),
            "def style():\n    pd.set_option('display.max_rows', k)",
            "style()",
            "print(pd.get_option('display.max_rows'))",
        ],
        {"k": 60},
    ),
    "pd option const fn": (
        [
            "import pandas as pd",
            ("k=50", "parameters"),
            "def style():\n    pd.set_option('display.max_rows', 7)",
            "style()",
            "print(pd.get_option('display.max_rows'), k)",
        ],
        {"k": 60},
    ),
    "pd option param": (
        [
            "import pandas as pd",
            ("k=50", "parameters"),
            "pd.set_option('display.max_rows', k)",
            "print(pd.get_option('display.max_rows'))",
        ],
        {"k": 60},
    ),
    "pd options attr param": (
        [
            "import pandas as pd",
            ("k=50", "parameters"),
            "pd.options.display.max_rows = k",
            "print(pd.get_option('display.max_rows'))",
        ],
        {"k": 60},
    ),
    "option_context": (
        [
            "import pandas as pd",
            ("k=50", "parameters"),
            "with pd.option_context('display.max_rows', k):\n    print(pd.get_option('display.max_rows'))",
            "print(pd.get_option('display.max_rows'))",
        ],
        {"k": 60},
    ),
    "loop setting": (
        [
            "import pandas as pd",
            ("k=50", "parameters"),
            "for o in ['display.max_rows']:\n    pd.set_option(o, 9)",
            "print(pd.get_option('display.max_rows'), k)",
        ],
        {"k": 60},
    ),
    "if setting": (
        [
            "import pandas as pd",
            ("k=50", "parameters"),
            "if k > 10:\n    pd.set_option('display.max_rows', 9)",
            "print(pd.get_option('display.max_rows'), k)",
        ],
        {"k": 60},
    ),
    "try setting": (
        [
            "import pandas as pd",
            ("k=50", "parameters"),
            "try:\n    pd.set_option('display.max_rows', 9)\nexcept Exception:\n    pass",
            "print(pd.get_option('display.max_rows'), k)",
        ],
        {"k": 60},
    ),
    "reset option": (
        [
            "import pandas as pd",
            ("k=50", "parameters"),
            "pd.set_option('display.max_rows', 9)",
            "pd.reset_option('display.max_rows')",
            "print(pd.get_option('display.max_rows'), k)",
        ],
        {"k": 60},
    ),
    "from import setting": (
        [
            "from pandas import set_option, get_option",
            ("k=50", "parameters"),
            "set_option('display.max_rows', 9)",
            "print(get_option('display.max_rows'), k)",
        ],
        {"k": 60},
    ),
    "from import setting param": (
        [
            "from pandas import set_option, get_option",
            ("k=50", "parameters"),
            "set_option('display.max_rows', k)",
            "print(get_option('display.max_rows'), k)",
        ],
        {"k": 60},
    ),
    "recursion limit": (
        [
            "import sys",
            ("k=500", "parameters"),
            "sys.setrecursionlimit(k + 500)",
            "print(sys.getrecursionlimit())",
        ],
        {"k": 600},
    ),
    "logging": (
        [
            "import logging",
            ("k=10", "parameters"),
            "log = logging.getLogger('x')",
            "log.setLevel(k)",
            "print(logging.getLogger('x').level)",
        ],
        {"k": 20},
    ),
    "logging basic": (
        [
            "import logging",
            ("k=10", "parameters"),
            "logging.basicConfig(level=10)",
            "print(logging.getLogger().level, k)",
        ],
        {"k": 20},
    ),
    "locale": (
        [
            "import locale",
            ("k=10", "parameters"),
            "locale.setlocale(locale.LC_ALL, 'C')",
            "print(locale.localeconv()['decimal_point'], k)",
        ],
        {"k": 20},
    ),
    "socket timeout": (
        [
            "import socket",
            ("k=10", "parameters"),
            "socket.setdefaulttimeout(k)",
            "print(socket.getdefaulttimeout())",
        ],
        {"k": 20},
    ),
    "gc": (
        ["import gc", ("k=10", "parameters"), "gc.disable()", "print(gc.isenabled(), k)"],
        {"k": 20},
    ),
    "warn filter as": (
        [
            "import warnings as w",
            ("k=10", "parameters"),
            "w.simplefilter('error')",
            "try:\n    w.warn('x')\n    print('no')\nexcept UserWarning:\n    print('yes', k)",
        ],
        {"k": 20},
    ),
    "random getstate": (
        [
            "import random",
            ("k=10", "parameters"),
            "random.seed(k)",
            "st = random.getstate()",
            "a = random.random()",
            "random.setstate(st)",
            "b = random.random()",
            "print(a == b)",
        ],
        {"k": 20},
    ),
    "numpy default err": (
        [
            "import numpy as np",
            ("k=10", "parameters"),
            "old = np.seterr(divide='raise')",
            "try:\n    np.array([1.])/0\n    print('no')\nexcept FloatingPointError:\n    print('yes', k)",
        ],
        {"k": 20},
    ),
    "stdout swapped": (
        [
            "import sys, io",
            ("k=10", "parameters"),
            "buf = io.StringIO(); old = sys.stdout; sys.stdout = buf",
            "print('hidden', k)",
            "sys.stdout = old",
            "print(buf.getvalue())",
        ],
        {"k": 20},
    ),
    "async": (
        [
            ("k=10", "parameters"),
            "async def f(): return k",
            "c = f()",
            "import asyncio\nprint(asyncio.run(c))",
        ],
        {"k": 20},
    ),
    "pickle file": (
        [
            "import pickle",
            ("k='a'", "parameters"),
            "with open('z.pkl','wb') as f:\n    pickle.dump(k, f)",
            "with open('z.pkl','rb') as f:\n    v = pickle.load(f)",
            "print(v)",
        ],
        {"k": "b"},
    ),
    "json paths": (
        [
            "import json\nfrom pathlib import Path",
            ("k='a'", "parameters"),
            "OUT = Path('outd')\nOUT.mkdir(exist_ok=True)",
            "(OUT / 'r.json').write_text(json.dumps(k))",
            "v = json.loads((OUT / 'r.json').read_text())",
            "print(v)",
        ],
        {"k": "b"},
    ),
    "path with open": (
        [
            "from pathlib import Path",
            ("k='a'", "parameters"),
            "q = Path('w.txt')",
            "with q.open('w') as f:\n    f.write(k)",
            "with q.open() as f:\n    t = f.read()",
            "print(t)",
        ],
        {"k": "b"},
    ),
    "to_csv read_csv fn": (
        [
            "import pandas as pd",
            ("k=1", "parameters"),
            "def save(df, name): df.to_csv(name, index=False)",
            "save(pd.DataFrame({'a':[k]}), 't.csv')",
            "df = pd.read_csv('t.csv')",
            "print(df.a.sum())",
        ],
        {"k": 2},
    ),
    "fstring path": (
        [
            "import os",
            ("k='a'", "parameters"),
            "open(f'f_{k}.txt','w').write(k)",
            "print(sorted(n for n in os.listdir('.') if n.startswith('f_' + k)))",
        ],
        {"k": "b"},
    ),
    "exists": (
        [
            "import os",
            ("k='a'", "parameters"),
            "open('ex.txt','w').close()",
            "print(os.path.exists('ex.txt'), k)",
        ],
        {"k": "b"},
    ),
    "remove": (
        [
            "import os",
            ("k='a'", "parameters"),
            "open('rm.txt','w').close()",
            "os.remove('rm.txt')",
            "print(os.path.exists('rm.txt'), k)",
        ],
        {"k": "b"},
    ),
    "np save": (
        [
            "import numpy as np",
            ("k=1", "parameters"),
            "np.save('n.npy', np.ones(2)*k)",
            "a = np.load('n.npy')",
            "print(a.sum())",
        ],
        {"k": 2},
    ),
    "sqlite file": (
        [
            "import sqlite3",
            ("k=1", "parameters"),
            "c = sqlite3.connect('d1.db')\nc.execute('create table if not exists t(a)')\nc.execute('delete from t')\nc.execute('insert into t values(?)', (k,))\nc.commit()\nc.close()",
            "c = sqlite3.connect('d1.db')",
            "print(c.execute('select * from t').fetchall())",
        ],
        {"k": 2},
    ),
    "local module": (["open('lm_x.py','w').write('v = 1')", "import lm_x", "print(lm_x.v)"], {}),
    "subprocess file": (
        [
            "import subprocess",
            ("k='a'", "parameters"),
            "subprocess.run(['sh','-c','echo hi > sp.txt'])",
            "print(open('sp.txt').read())",
        ],
        {"k": "b"},
    ),
    "shutil": (
        [
            "import shutil",
            ("k='a'", "parameters"),
            "open('s1.txt','w').write(k)",
            "shutil.copy('s1.txt', 's2.txt')",
            "print(open('s2.txt').read())",
        ],
        {"k": "b"},
    ),
    "handle kept": (
        [
            ("k='a'", "parameters"),
            "f = open('hk.txt','w')",
            "f.write(k)",
            "f.close()",
            "print(open('hk.txt').read())",
        ],
        {"k": "b"},
    ),
    "print to file": (
        [
            ("k='a'", "parameters"),
            "f = open('pf.txt','w')",
            "print(k, file=f)",
            "f.close()",
            "print(open('pf.txt').read())",
        ],
        {"k": "b"},
    ),
    "csv writer": (
        [
            "import csv",
            ("k='a'", "parameters"),
            "f = open('cw.txt','w', newline='')\nw = csv.writer(f)",
            "w.writerow([k])",
            "f.close()",
            "print(open('cw.txt').read())",
        ],
        {"k": "b"},
    ),
    "import from a folder that is computed": (
        [
            "import os, sys",
            "root = os.path.join(os.getcwd(), 'sub')\nos.makedirs(root, exist_ok=True)",
            "open(root + '/mine_y.py', 'w').write('v = 2')",
            "sys.path.append(root)",
            "import mine_y",
            "print(mine_y.v)",
        ],
        {},
    ),
    "import after exec": (
        ["k = 'import math'", "exec(k)", "import json", "print(math.pi, json.dumps(1))"],
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
