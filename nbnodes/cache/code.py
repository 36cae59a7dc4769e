"""A function becomes the name of what it does: its code, and all that the code refers to.

What a function refers to counts by value where that cannot change, or where the function does not
change it; other objects (a connection, a list it appends to) count by identity, and then the name
holds only in this process.
"""

from __future__ import annotations

import dis
import functools
import sys
import types
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from nbnodes.cache.fingerprint import fingerprint
from nbnodes.errors import FingerprintError
from nbnodes.notebook.surroundings import is_local

_STORES = frozenset({"STORE_SUBSCR", "DELETE_SUBSCR", "STORE_ATTR", "DELETE_ATTR", "STORE_SLICE"})
_REBINDS = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL", "STORE_DEREF", "DELETE_DEREF"})
_CHANGES = frozenset(
    "append extend insert remove pop clear sort reverse add discard update setdefault popitem "  # noqa: SIM905  # words read better
    "appendleft popleft extendleft rotate fill put resize write writelines send acquire release "
    "set increment subtract".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCode:
    """What a function does.

    Attributes:
        digest: Its name.
        is_lasting: Whether another process would name it the same.
        module_paths: Files of local modules that it refers to.
    """

    digest: str
    is_lasting: bool
    module_paths: tuple[str, ...]


class Identities:
    """Names objects by identity, as long as this lives; it keeps them alive so that names last."""

    def __init__(self) -> None:
        self._process = uuid.uuid4().hex
        self._named: dict[int, Any] = {}

    def name(self, value: object) -> str:
        """Name an object."""
        self._named[id(value)] = value
        return f"{self._process}:{id(value)}"


def function_code(function: Callable[..., Any], identities: Identities) -> FunctionCode:
    """Name what a function does."""
    reading = _Reading(identities)
    digest = fingerprint(reading.of(function))
    return FunctionCode(
        digest=digest,
        is_lasting=reading.is_lasting,
        module_paths=tuple(sorted(reading.module_paths)),
    )


@dataclass(slots=True)
class _Reading:
    """One function being taken apart."""

    identities: Identities
    is_lasting: bool = True
    module_paths: set[str] = field(default_factory=set)
    _open: dict[int, int] = field(default_factory=dict)

    def of(self, value: Any, *, changes: bool = False) -> Any:
        """Take a value apart into what can be fingerprinted; `changes`: as the function may."""
        match value:
            case functools.partial():
                words = {name: self.of(one) for name, one in value.keywords.items()}
                return ("partial", self.of(value.func), [self.of(one) for one in value.args], words)
            case types.MethodType():
                return ("method", self.of(value.__func__), self.of(value.__self__, changes=True))
            case types.MethodDescriptorType():
                return ("method", self.of(value.__objclass__), value.__name__)
            case types.FunctionType():
                return self._function(value)
            case types.ModuleType():
                return ("module", self._module(value))
            case _:
                pass
        named = self._named(value)
        return named if named is not None else self._plain(value, changes=changes)

    def _function(self, function: types.FunctionType) -> Any:
        if id(function) in self._open:  # it refers to itself
            return ("again", self._open[id(function)])
        self._open[id(function)] = len(self._open)
        inner = getattr(function, "__wrapped__", None)
        body = _body(function.__code__, function.__doc__)
        reach = _reach(function.__code__)
        referred = dict(_referred(function, reach.names))
        called = [one for one in referred.values() if isinstance(one, types.FunctionType)]
        changes = reach.changes or any(_reach(one.__code__).changes for one in called)
        return (
            "function",
            body,
            [self.of(one) for one in function.__defaults__ or ()],
            {name: self.of(one) for name, one in (function.__kwdefaults__ or {}).items()},
            {
                name: None if name in reach.rebound else self.of(one, changes=changes)
                for name, one in sorted(referred.items())
            },
            None if inner is None else self.of(inner),
        )

    def _module(self, module: types.ModuleType) -> str:
        path = getattr(module, "__file__", None)
        if path and module.__name__ != "__main__" and is_local(path):
            self.module_paths.add(path)
        return module.__name__

    def _named(self, value: Any) -> Any:
        """Name what can be imported, such as `len`, `math.sin`, `dict` or a library's class."""
        module_name = getattr(value, "__module__", None) or ""
        name = getattr(value, "__qualname__", None) or getattr(value, "__name__", "")
        module = sys.modules.get(str(module_name))
        found: Any = module
        for part in str(name).split(".") if name else ():
            found = getattr(found, part, None)
        if module is None or not name or found is not value or module_name == "__main__":
            return None
        return ("name", self._module(module), name)

    def _plain(self, value: Any, *, changes: bool) -> Any:
        if not (changes and _is_changeable(value)):
            try:
                return ("value", fingerprint(value))
            except FingerprintError:
                pass  # it is known by itself alone, below
        self.is_lasting = False
        return ("itself", self.identities.name(value))


@dataclass(frozen=True, slots=True)
class _Reach:
    """What code refers to by name, what it binds anew, and whether it may change objects."""

    names: frozenset[str]
    rebound: frozenset[str]
    changes: bool


@lru_cache(maxsize=4096)
def _reach(code: types.CodeType) -> _Reach:
    names: set[str] = set()
    rebound: set[str] = set()
    changes = False
    for one in _with_inner(code):
        for step in dis.get_instructions(one):
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF", "LOAD_CLASSDEREF"):
                names.add(str(step.argval))
            elif step.opname in _REBINDS:
                rebound.add(str(step.argval))
            elif step.opname in _STORES or str(step.argval) in _CHANGES:
                changes = True
    return _Reach(frozenset(names), frozenset(rebound), changes)


def _referred(function: types.FunctionType, names: frozenset[str]) -> Iterator[tuple[str, Any]]:
    """Yield the objects that a function refers to and that live outside it."""
    for name in names:
        if name in function.__globals__:
            yield name, function.__globals__[name]
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not bound yet
            continue


@lru_cache(maxsize=4096)
def _body(code: types.CodeType, doc: str | None) -> str:
    """Name bytecode; where it stands in its file and what its docstring says do not count."""
    return fingerprint(_code_parts(code, doc))


def _code_parts(code: types.CodeType, doc: str | None = None) -> Any:
    constants = [
        _code_parts(one) if isinstance(one, types.CodeType) else _constant(one)
        for one in code.co_consts
    ]
    if doc is not None and code.co_consts and code.co_consts[0] == doc:
        constants[0] = _constant(None)
    return (
        code.co_code,
        code.co_exceptiontable,
        constants,
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        code.co_cellvars,
        (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags),
    )


def _constant(value: object) -> Any:
    return (type(value).__name__, value)


def _with_inner(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for one in code.co_consts:
        if isinstance(one, types.CodeType):
            yield from _with_inner(one)


def _is_changeable(value: object) -> bool:
    return hasattr(type(value), "__setitem__") or isinstance(value, set)
