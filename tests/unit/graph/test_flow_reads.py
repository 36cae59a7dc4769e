"""What a cell looks up before it has certainly bound it, and what it leaves bound."""

from __future__ import annotations

import pytest

from nbnodes.graph.analysis.flow import cell_flow

READS: dict[str, tuple[str, str]] = {  # a name → (source, the names read)
    "a name": ("x", "x"),
    "an expression": ("a + b * c", "a b c"),
    "a name bound before": ("x = 1; y = x", ""),
    "a name bound after": ("y = x; x = 1", "x"),
    "a name bound from itself": ("x = x + 1", "x"),
    "an augmented name": ("x += 1", "x"),
    "an augmented name bound before": ("x = 0; x += 1", ""),
    "an item that is set": ("d['k'] = v", "d v"),
    "an attribute that is set": ("o.a.b = v", "o v"),
    "an item that is augmented": ("d[k] += v", "d k v"),
    "a target's index": ("xs[i:j] = []", "xs i j"),
    "targets in a tuple": ("a, (b, *c) = d", "d"),
    "a deleted name": ("del x", "x"),
    "a deleted item": ("del d[k]", "d k"),
    "a deleted name of its own": ("x = 1; del x", ""),
    "a name read after its deletion": ("x = 1\ndel x\nx", "x"),
    "one branch binds": ("if t:\n    x = 1\nx", "t x"),
    "both branches bind": ("if t:\n    x = 1\nelse:\n    x = 2\nx", "t"),
    "the other branch raises": ("if t:\n    x = 1\nelse:\n    raise E\nx", "t E"),
    "elif without else": ("if t:\n    x = 1\nelif u:\n    x = 2\nx", "t u x"),
    "a loop may not run": ("for i in xs:\n    y = i\ny, i", "xs y i"),
    "a loop's own name inside": ("for i in xs:\n    print(i)", "xs"),
    "a loop's earlier turn": ("for i in xs:\n    print(y)\n    y = i", "xs y"),
    "else after a loop without break": ("for i in xs:\n    pass\nelse:\n    y = 1\ny", "xs"),
    "else after a loop with break": (
        "for i in xs:\n    if i:\n        break\nelse:\n    y = 1\ny",
        "xs y",
    ),
    "both ends of a loop with break": (
        "for i in xs:\n    if i:\n        y = 2\n        break\nelse:\n    y = 1\ny",
        "xs",
    ),
    "while may not run": ("while t:\n    x = 1\nx", "t x"),
    "while's test always runs": ("while (n := f()):\n    pass\nn", "f"),
    "endless while": ("while True:\n    x = 1\n    break\nx", ""),
    "continue skips": ("for i in xs:\n    if i: continue\n    y = i\n    y", "xs"),
    "try binds": ("try:\n    x = f()\nexcept E:\n    pass\nx", "f E x"),
    "try and its handlers bind": ("try:\n    x = f()\nexcept E:\n    x = 0\nx", "f E"),
    "a handler sees what came before": ("a = 1\ntry:\n    f()\nexcept E:\n    a", "f E"),
    "a handler cannot rely on the body": ("try:\n    a = f()\nexcept E:\n    a", "f E a"),
    "a handler leaves": ("try:\n    x = f()\nexcept E:\n    raise\nx", "f E"),
    "else of try": ("try:\n    f()\nexcept E:\n    x = 0\nelse:\n    x = 1\nx", "f E"),
    "finally binds": ("try:\n    f()\nfinally:\n    x = 1\nx", "f"),
    "finally cannot rely on the body": ("try:\n    x = f()\nfinally:\n    x", "f x"),
    "a handler's name is gone after it": ("try:\n    f()\nexcept E as e:\n    e\ne", "f E e"),
    "with binds": ("with open(p) as g:\n    x = 1\nx, g", "p"),
    "with may swallow": ("with suppress(E):\n    x = f()\nx", "suppress E f x"),
    "match binds in every case": (
        "match v:\n    case 1:\n        x = 1\n    case _:\n        x = 2\nx",
        "v",
    ),
    "match without a last case": ("match v:\n    case 1:\n        x = 1\nx", "v x"),
    "a pattern's names": (
        "match v:\n    case [a, *b]:\n        a, b\n    case {'k': c, **d}: c, d",
        "v",
    ),
    "a pattern's value": ("match v:\n    case C.X: pass", "v C"),
    "a pattern's class and guard": ("match v:\n    case P(x=y) if y > z: y", "v P z"),
    "a walrus": ("(y := x) + y", "x"),
    "a walrus in a test": ("if (m := f()) > 1:\n    m", "f"),
    "a walrus behind `and`": ("a and (b := 1)\nb", "a b"),
    "a walrus in a conditional": ("(a := 1) if t else 0\na", "t a"),
    "a comprehension": ("[x * k for x in xs if x > t]", "k xs t"),
    "a comprehension's first iterable is outside": ("x = 1\n[x for x in x]", ""),
    "a comprehension's inner iterable": ("[y for x in xs for y in x]", "xs"),
    "a comprehension's name does not leak": ("[x for x in xs]\nx", "xs x"),
    "a walrus in a comprehension": ("[last := v for v in xs]\nlast", "xs last"),
    "a dict comprehension": ("{k: f(v) for k, v in d.items()}", "f d"),
    "a generator": ("sum(v * w for v in xs)", "w xs"),
    "a lambda": ("sorted(xs, key=lambda v: v + k)", "xs k"),
    "a lambda's default": ("f = lambda v=d: v + e", "d e"),
    "a function's default": ("def f(a=d): return e", "d"),
    "a function's decorator and annotations": ("@dec\ndef f(a: A) -> B: return e", "dec A B"),
    "a function's body is not run": ("def f(): return a", ""),
    "a nested function is not run": ("def f():\n    def g(): return a\n    return g", ""),
    "a class's body runs": ("class C(B, metaclass=M):\n    x = y\n    z = x", "B M y"),
    "a class's methods do not run": ("class C:\n    def m(self): return a", ""),
    "a private name in a class": ("class C:\n    x = __y", "_C__y"),
    "an annotated name": ("x: T = v", "T v"),
    "an annotation alone": ("x: T\nx", "T x"),
    "f-strings": ("f'{a!r:>{w}} {b}'", "a w b"),
    "a starred call": ("f(*a, **k)", "f a k"),
    "a slice": ("x[a:b:c]", "x a b c"),
    "await": ("await f(x)", "f x"),
    "async for": ("async for i in g():\n    i", "g"),
    "async with": ("async with c() as d:\n    d", "c"),
    "global at cell level": ("global x\nx = 1\nx", ""),
    "assert": ("assert a, b", "a b"),
    "an import binds": ("import a.b as c, d.e\nfrom f import g as h\nc, d, h", ""),
    "builtins are nobody's": ("print(len([]), sum, __name__, get_ipython, display)", ""),
    "a timed statement": ("%time y = f(x)\ny", "f x"),
    "a timed cell": ("%%time\ny = f(x)\ny", "f x"),
    "a magic between": ("%matplotlib inline\nx", "x"),
    "the cell is indented": ("  y = x\n  y", "x"),
}


@pytest.mark.parametrize("name", READS)
def test_reads(name: str) -> None:
    source, names = READS[name]
    flow = cell_flow(source)
    assert {*flow.reads} - {"suppress"} == {*names.split()} - {"suppress"}


BINDINGS: dict[str, tuple[str, str, str]] = {  # a name → (source, certainly, perhaps)
    "assignment": ("a = b = 1; (c, [d, *e]) = f", "a b c d e", ""),
    "a branch": ("if t:\n    a = 1", "", "a"),
    "both branches": ("if t:\n    a = 1\nelse:\n    a = 2", "a", ""),
    "a loop": ("for i in xs:\n    a = i", "", "i a"),
    "definitions": ("def f(): pass\nclass C: pass\nimport m.n", "f C m", ""),
    "local names are not": ("def f():\n    x = 1\nlambda: (y := 1)\n[z for z in q]", "f", ""),
    "a walrus": ("print(a := 1)", "a", ""),
    "with": ("with o() as (a, b):\n    pass", "a b", ""),
    "match": ("match v:\n    case [a, *b]: pass", "", "a b"),
    "deleted": ("a = 1\ndel a", "", "a"),
    "a handler's name": ("try:\n    a = 1\nexcept E as e:\n    a = 2", "a", "e"),
    "an import in a branch": ("try:\n    import a\nexcept ImportError:\n    a = None", "a", ""),
    "what `%%timeit` runs is not bound": ("%%timeit\na = 1", "", ""),
    "what `%%capture` binds": ("%%capture out\na = 1", "a out", ""),
    "what a shell gives": ("files = !ls", "files", ""),
    "code from text": ("exec('a = 1')", "a", ""),
}


@pytest.mark.parametrize("name", BINDINGS)
def test_binds(name: str) -> None:
    source, certain, perhaps = BINDINGS[name]
    flow = cell_flow(source)
    assert ({*flow.defines}, {*flow.may_define}) == ({*certain.split()}, {*perhaps.split()})


def test_a_cell_that_may_fail_defines_nothing_for_certain() -> None:
    flow = cell_flow("a = 1", may_fail=True)
    assert (flow.defines, flow.may_define) == (frozenset(), {"a"})
