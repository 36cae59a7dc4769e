"""An expression tells what it names, what its value may share, hold or come from. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from nbnodes.graph.analysis import vocabulary as known

_MASKS = (ast.Compare, ast.BoolOp)


def qualified(node: ast.expr, imports: Mapping[str, str]) -> str:
    """Write a dotted name with what its head was imported as; "" for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([imports.get(node.id, node.id), *reversed(parts)])


def root(node: ast.expr, *, through_calls: bool = False) -> str:
    """Name the variable that an attribute, item or slice is taken of; "" for none."""
    while True:
        match node:
            case ast.Name(id=name):
                return name
            case ast.Attribute(value=inner) | ast.Subscript(value=inner):
                node = inner
            case ast.Starred(value=inner) | ast.Await(value=inner) | ast.NamedExpr(value=inner):
                node = inner
            case ast.Call(func=ast.Attribute(value=inner)) if through_calls:
                node = inner
            case _:
                return ""


def called_first(node: ast.expr) -> ast.Call | None:
    """Return the call of a name that an expression begins with: `f()` of `f().a[0].b()`."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                return node
            node = node.func
        else:
            node = node.value
    return None


def names_in(node: ast.AST) -> set[str]:
    """Name every variable that is looked up in a tree."""
    return {
        each.id
        for each in ast.walk(node)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)
    }


def innermost(node: ast.expr) -> str:
    """Name the variable that a callee comes from, through attributes, items and calls."""
    while isinstance(node, ast.Call | ast.Attribute | ast.Subscript | ast.Await):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def copied(node: ast.expr, imports: Mapping[str, str]) -> set[str]:
    """Name the variables whose parts a new object holds: `list(x)`, `x + y`, `x.copy()`."""
    match node:
        case ast.Call(func=function, args=args):
            found: set[str] = set()
            if qualified(function, imports) in known.COPYING_CALLS:
                found |= {n for argument in args for n in names_of_parts(argument, imports)}
            if isinstance(function, ast.Attribute) and function.attr in known.COPYING_METHODS:
                found |= {root(function.value, through_calls=True)} - {""}
            return found - imports.keys()
        case ast.BinOp(left=left, op=ast.Add() | ast.Mult() | ast.BitOr(), right=right):
            return names_of_parts(left, imports) | names_of_parts(right, imports)
        case ast.ListComp() | ast.SetComp() | ast.DictComp():
            return _shared_by_comprehension(node, imports)
        case ast.IfExp(body=body, orelse=orelse):
            return copied(body, imports) | copied(orelse, imports)
        case ast.BoolOp(values=values):
            return {name for value in values for name in copied(value, imports)}
        case _:
            return set()


def names_of_parts(node: ast.expr, imports: Mapping[str, str]) -> set[str]:
    """Name the variables whose objects, or parts of them, are parts of an expression's value."""
    return shared(node, imports) | copied(node, imports)


def shared(node: ast.expr, imports: Mapping[str, str]) -> set[str]:  # noqa: C901, PLR0911, PLR0912  # one case a kind
    """Name the variables whose objects, or parts of them, an expression's value may be or hold."""
    match node:
        case ast.Name(id=name):
            return {name}
        case ast.Subscript(value=value, slice=index):
            return set() if _copies(value, index) else names_of_parts(value, imports)
        case ast.Attribute(value=value):
            return names_of_parts(value, imports)
        case ast.Call():
            return _shared_by_call(node, imports)
        case ast.GeneratorExp():
            return _shared_by_comprehension(node, imports)
        case ast.ListComp() | ast.SetComp() | ast.DictComp():
            return set()
        case ast.Lambda(args=arguments):
            defaults = [*arguments.defaults, *filter(None, arguments.kw_defaults)]
            return {name for default in defaults for name in shared(default, imports)}
        case ast.Compare() | ast.Constant() | ast.JoinedStr() | ast.UnaryOp():
            return set()
        case ast.BinOp(left=left, op=ast.Add() | ast.Mult() | ast.BitOr(), right=right):
            sides = (s for s in (left, right) if isinstance(s, ast.List | ast.Dict | ast.Tuple))
            return {name for side in sides for name in shared(side, imports)}
        case ast.BinOp():
            return set()
        case ast.IfExp(body=body, orelse=orelse):
            return shared(body, imports) | shared(orelse, imports)
        case _:
            parts = (n for n in ast.iter_child_nodes(node) if isinstance(n, ast.expr))
            return {name for part in parts for name in shared(part, imports)}


def sources(node: ast.expr, imports: Mapping[str, str]) -> Iterator[tuple[str, bool]]:  # noqa: C901, PLR0912  # one case a kind
    """Yield the variables that a value is made from, and whether it may hold their objects.

    Not held is what is called, or given to what uses it up: there only a call's result counts.
    """
    match node:
        case ast.Name(id=name):
            yield name, True
        case ast.Call(func=function) if qualified(function, imports) in known.PLAIN_RESULTS:
            return
        case ast.Call(func=function, args=args, keywords=keywords):
            consumed = _consumes(function, imports)
            given = [*args, *(keyword.value for keyword in keywords)]
            yield from ((name, False) for name, _ in sources(function, imports))
            for argument in given:
                yield from ((n, held and not consumed) for n, held in sources(argument, imports))
        case ast.Compare() | ast.Constant() | ast.JoinedStr():
            return
        case ast.Await(value=ast.Call(args=args)):  # what is awaited is used up
            for argument in args:
                yield from ((name, False) for name, _ in sources(argument, imports))
        case ast.Lambda(body=body):
            yield from ((name, False) for name in names_in(body))
        case _:
            for part in ast.iter_child_nodes(node):
                if isinstance(part, ast.expr):
                    yield from sources(part, imports)
                elif isinstance(part, ast.comprehension):
                    yield from sources(part.iter, imports)


def held_functions(
    node: ast.expr, imports: Mapping[str, str]
) -> Iterator[ast.Lambda | ast.GeneratorExp]:
    """Yield the lambdas and generators that an expression's value may hold."""
    match node:
        case ast.Lambda() | ast.GeneratorExp():
            yield node
        case ast.Call(func=function) if _consumes(function, imports):
            yield from held_functions(function, imports)
        case _:
            for part in ast.iter_child_nodes(node):
                if isinstance(part, ast.keyword):
                    part = part.value  # noqa: PLW2901  # what counts of it
                if isinstance(part, ast.expr):
                    yield from held_functions(part, imports)


def kept(node: ast.expr, imports: Mapping[str, str]) -> str:
    """Say why an expression's value cannot leave its part; "" if it can."""
    match node:
        case ast.GeneratorExp():
            return "a generator"
        case ast.Call(func=function, args=args, keywords=keywords):
            given = [*args, *(keyword.value for keyword in keywords)]
            return _kept_call(node, qualified(function, imports)) or next(
                (why for each in given if (why := kept(each, imports)) == _RANDOM), ""
            )
        case ast.Lambda() | ast.Compare() | ast.JoinedStr():
            return ""
        case _:
            parts = [n for n in ast.iter_child_nodes(node) if isinstance(n, ast.expr)]
            return next((why for part in parts if (why := kept(part, imports))), "")


def displayed(value: ast.expr) -> list[str]:
    """Name the variables that a value is, or is a display of."""
    if isinstance(value, ast.Tuple | ast.List):
        return [name for part in value.elts for name in displayed(part)]
    return [value.id] if isinstance(value, ast.Name) else []


def is_true(node: ast.expr) -> bool:
    """Whether an expression is a constant that is true."""
    return isinstance(node, ast.Constant) and bool(node.value)


def is_irrefutable(pattern: ast.pattern) -> bool:
    """Whether a pattern matches everything."""
    return isinstance(pattern, ast.MatchAs) and (
        pattern.pattern is None or is_irrefutable(pattern.pattern)
    )


def without_accessor(node: ast.expr) -> ast.expr:
    """Return a table where its `loc` or the like is given."""
    if isinstance(node, ast.Attribute) and node.attr in known.ITEM_ACCESSORS:
        return node.value
    return node


def roots_of_target(target: ast.expr) -> list[str]:
    """Name the variables that an assignment's target is made of."""
    match target:
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return [name for part in parts for name in roots_of_target(part)]
        case ast.Starred(value=inner):
            return roots_of_target(inner)
        case _:
            name = root(target, through_calls=True)
            return [name] if name else []


def read_lazily(node: ast.GeneratorExp) -> set[str]:
    """Name what a generator looks up only when it is used."""
    targets = {n.id for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)}
    return names_in(node) - targets


_RANDOM = "a generator of random numbers"


def _kept_call(node: ast.Call, name: str) -> str:
    if known.GENERATORS.search(name):
        return _RANDOM
    if name == "collections.defaultdict":
        return "a dictionary that grows where it is read"
    if known.CLASS_MAKERS.match(name) and (name != "type" or len(node.args) > 1):
        return "a class"
    if any(keyword.arg in ("chunksize", "iterator") for keyword in node.keywords):
        return "an iterator over a file"
    method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if known.ITERATORS.match(name) or method in known.ITERATOR_METHODS:
        return f"what `{name or method}()` gives (an iterator, an open file or a connection)"
    return ""


def _copies(value: ast.expr, index: ast.expr) -> bool:
    """Whether taking an item makes a new object: by a list of columns, or by a mask of its own."""
    if isinstance(index, ast.List):
        return True
    while isinstance(index, ast.UnaryOp):
        index = index.operand
    sides = [index.left, index.right] if isinstance(index, ast.BinOp) else [index]
    of = root(value)
    return bool(of) and any(isinstance(side, _MASKS) and of in names_in(side) for side in sides)


def _shared_by_call(node: ast.Call, imports: Mapping[str, str]) -> set[str]:
    name = qualified(node.func, imports)
    found: set[str] = set()
    if name in known.VIEWING_CALLS or name.startswith("itertools."):
        found |= {n for argument in node.args for n in names_of_parts(argument, imports)}
    if isinstance(node.func, ast.Attribute) and node.func.attr in known.VIEWING_METHODS:
        found |= {root(node.func.value, through_calls=True)} - {""}
    return found - imports.keys()


def _shared_by_comprehension(
    node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, imports: Mapping[str, str]
) -> set[str]:
    elements = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    found = {name for element in elements for name in names_of_parts(element, imports)}
    for loop in reversed(node.generators):
        targets = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
        if targets & found:
            found = (found - targets) | names_in(loop.iter)
    return found - imports.keys()


def _consumes(function: ast.expr, imports: Mapping[str, str]) -> bool:
    name = qualified(function, imports)
    if name in known.CONSUMING_CALLS or name in known.PLAIN_RESULTS:
        return True
    return isinstance(function, ast.Attribute) and function.attr in known.CONSUMING_METHODS
