"""A scope's statements tell which names they bind; a State is what is certain at a point. Pure."""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from nbnodes.notebook.binding import name_bound_by

BUILTINS = frozenset(dir(builtins))
_NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a cell's analysis knows of the rest of its notebook.

    Attributes:
        imports: Names that are bound by imports alone, with the dotted name of what was imported.
        constants: Names that are bound once in the notebook, to this text.
        defined: Names that any cell binds.
    """

    imports: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    defined: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A function's, a class's or a cell's own names.

    Attributes:
        kind: "cell", "class" or "function".
        local: The names that a function binds.
        parameters: Those of them that it is given.
        declared: Names that it declares `global`.
        hidden: Names of the functions around it.
        class_name: The class around it, for private names.
        receiver: Of a method, the name of its first parameter.
        base: The names that are certainly defined when it runs, where it runs at once.
    """

    kind: str
    local: frozenset[str] = frozenset()
    parameters: frozenset[str] = frozenset()
    declared: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    class_name: str = ""
    receiver: str = ""
    base: frozenset[str] = frozenset()


@dataclass(slots=True)
class State:
    """What is certain of names at one point of a scope.

    Attributes:
        certain: The names that are bound.
        own: Those of them whose objects nothing else shares.
        renewed: Those that are copies of what the same names stood for before, and nobody else's.
        is_dead: Whether the point is never reached.
    """

    certain: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)
    renewed: set[str] = field(default_factory=set)
    is_dead: bool = False

    def copy(self) -> State:
        """Return a state that changes on its own."""
        return State(set(self.certain), set(self.own), set(self.renewed), self.is_dead)

    def without(self, names: Iterable[str]) -> State:
        """Return a state in which nothing is certain of `names`."""
        gone = set(names)
        return State(self.certain - gone, self.own - gone, self.renewed - gone, self.is_dead)


def meet(states: Iterable[State]) -> State:
    """Return what is certain wherever control came from."""
    alive = [state for state in states if not state.is_dead]
    if not alive:
        return State(is_dead=True)
    return State(
        set.intersection(*(state.certain for state in alive)),
        set.intersection(*(state.own for state in alive)),
        set.intersection(*(state.renewed for state in alive)),
    )


def function_scope(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, around: Scope, shadowed: set[str]
) -> Scope:
    """Return the scope of a function's body."""
    body: list[ast.stmt] = [ast.Expr(node.body)] if isinstance(node, ast.Lambda) else node.body
    parameters = {argument.arg for argument in _arguments(node.args)}
    declared = {n for s in _inside(body) if isinstance(s, ast.Global) for n in s.names}
    outer = {n for s in _inside(body) if isinstance(s, ast.Nonlocal) for n in s.names}
    bound = {name for each in _inside(body) if (name := name_bound_by(each))}
    hidden = around.hidden | (around.local if around.kind == "function" else frozenset())
    return Scope(
        kind="function",
        local=frozenset((bound | parameters) - declared - outer),
        parameters=frozenset(parameters),
        declared=frozenset(declared),
        hidden=hidden | frozenset(shadowed),
        class_name=around.class_name,
        receiver=_receiver(node) if around.kind == "class" else "",
    )


def deleted_in(statements: Iterable[ast.stmt]) -> set[str]:
    """Name what may be unbound by these statements."""
    found: set[str] = set()
    for node in _inside(list(statements)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del):
            found.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
    return found


def binding_counts(statements: Iterable[ast.stmt]) -> Counter[str]:
    """Count how often each name is bound by these statements in their own scope."""
    return Counter(name for node in _inside(list(statements)) if (name := name_bound_by(node)))


def bound_in(statements: Iterable[ast.stmt]) -> set[str]:
    """Name what these statements may bind in their own scope."""
    return {name for node in _inside(list(statements)) if (name := name_bound_by(node))}


def _receiver(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> str:
    """Name what a method is called on."""
    decorators = getattr(node, "decorator_list", [])
    if any(isinstance(each, ast.Name) and each.id == "staticmethod" for each in decorators):
        return ""
    return next((each.arg for each in [*node.args.posonlyargs, *node.args.args]), "")


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    single = [each for each in (arguments.vararg, arguments.kwarg) if each]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *single]


def _inside(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield the nodes of a scope: neither the nested scopes' nor the targets of comprehensions."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, _COMPREHENSIONS):
            waiting += _of_comprehension(node)
        elif isinstance(node, _NESTED):
            waiting += getattr(node, "decorator_list", [])
        else:
            waiting += ast.iter_child_nodes(node)


def _of_comprehension(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may bind a name outside of a comprehension: its `:=`."""
    for each in ast.walk(node):
        if isinstance(each, ast.NamedExpr):
            yield each.target
