"""A code object becomes what it says: a digest of it, and the names that it reaches for. Pure."""

from __future__ import annotations

import dis
import inspect
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from nbnodes.cache.fingerprint import fingerprint

_LOADS = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF", "LOAD_CLASSDEREF"})
_LOCALS = frozenset({"LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_CLOSURE"})
_STORES = frozenset({"STORE_SUBSCR", "DELETE_SUBSCR", "STORE_ATTR", "DELETE_ATTR", "STORE_SLICE"})
_REBINDS = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL", "STORE_DEREF", "DELETE_DEREF"})
_ATTRIBUTES = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_CHANGES = frozenset(
    "append extend insert remove pop clear sort reverse add discard update setdefault popitem "  # noqa: SIM905  # words read better
    "appendleft popleft extendleft rotate fill put resize write writelines send acquire release "
    "set increment subtract".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What code reaches for outside itself.

    Attributes:
        names: Globals and variables of the functions around it that it reads.
        attributes: Names that it looks up on objects.
        imports: Modules that it imports.
        rebound: Those of the names that it assigns.
        changed: Those of the names whose objects it changes in place.
        changes_arguments: Whether it changes what it is given, or what that leads to.
    """

    names: frozenset[str]
    attributes: frozenset[str]
    imports: frozenset[str]
    rebound: frozenset[str]
    changed: frozenset[str]
    changes_arguments: bool


@lru_cache(maxsize=4096)
def reach_of(code: types.CodeType) -> Reach:
    """Read what code reaches for, inner functions included."""
    gathering = _Gathering(frozenset(code.co_freevars))
    for one in _with_inner(code):
        gathering.read(one)
    return gathering.reach()


@lru_cache(maxsize=4096)
def body_digest(code: types.CodeType, doc: str | None) -> str:
    """Name bytecode; where it stands in its file and what its docstring says do not count."""
    return fingerprint(_parts(code, doc))


@dataclass(slots=True)
class _Gathering:
    """Code being read, one code object after another."""

    free: frozenset[str]
    names: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    rebound: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    changes_arguments: bool = False
    _roots: dict[tuple[int, int], str] = field(default_factory=dict)
    _aliases: dict[str, str] = field(default_factory=dict)

    def read(self, code: types.CodeType) -> None:
        """Read one code object."""
        self._roots, self._aliases = {}, {}
        own = {*code.co_varnames, *code.co_cellvars}
        count = code.co_argcount + code.co_kwonlyargcount
        arguments = set(code.co_varnames[: count + bool(code.co_flags & inspect.CO_VARARGS)])
        before = ""
        for step in dis.get_instructions(code):
            word = str(step.argval)
            if step.opname in _LOADS | _LOCALS:
                self._roots.setdefault(_place(step), word)
                self.names |= {word} - own if step.opname in _LOADS else set()
            self._note(step.opname, word)
            if step.opname == "STORE_FAST" and before:
                self._aliases[word] = before
            if step.opname in _STORES or (step.opname in _ATTRIBUTES and word in _CHANGES):
                self._change(self._roots.get(_place(step), ""), own, arguments)
            before = word if step.opname in _LOADS and word not in own else ""

    def reach(self) -> Reach:
        """Return what was read."""
        unknown = self.names if "" in self.changed else set()  # changed, and it is not said what
        return Reach(
            names=frozenset(self.names),
            attributes=frozenset(self.attributes),
            imports=frozenset(self.imports),
            rebound=frozenset(self.rebound),
            changed=frozenset(self.changed | unknown),
            changes_arguments=self.changes_arguments,
        )

    def _note(self, operation: str, word: str) -> None:
        if operation in _REBINDS and (operation.endswith("GLOBAL") or word in self.free):
            self.rebound.add(word)
        elif operation == "IMPORT_NAME":
            self.imports.add(word)
        elif operation in _ATTRIBUTES:
            self.attributes.add(word)

    def _change(self, root: str, own: set[str], arguments: set[str]) -> None:
        root = self._aliases.get(root, root)
        if root not in own:
            self.changed.add(root)
        elif root in arguments:
            self.changes_arguments = True


def _place(step: dis.Instruction) -> tuple[int, int]:
    """Return where an expression begins in the source: `a`, `a.b` and `a[b].c` begin alike."""
    positions = step.positions
    if positions is None or positions.lineno is None or positions.col_offset is None:
        return (-1, -1)
    return positions.lineno, positions.col_offset


def _parts(code: types.CodeType, doc: str | None = None) -> Any:
    constants = [
        _parts(one) if isinstance(one, types.CodeType) else _constant(one) for one in code.co_consts
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
