"""A function becomes the name of what it does: its code, and all that the code refers to.

What a function refers to counts by value where that has a name, by its pickle else, and by identity
where it has neither, or where the function changes it (a list it appends to, a counter): then the
name holds only in this process. Functions and classes of a project count by their code, those of
installed packages by their names.
"""

from __future__ import annotations

import enum
import functools
import hashlib
import inspect
import itertools
import sys
import types
import uuid
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, is_dataclass
from typing import Any

from nbnodes.cache.bytecode import Reach, body_digest, reach_of
from nbnodes.cache.fingerprint import fingerprint
from nbnodes.errors import FingerprintError
from nbnodes.notebook.surroundings import is_local, local_roots, located

_CONTAINERS = (dict, frozenset, list, set, tuple)
_PLAIN = (bool, bytes, complex, float, int, str, type(None))


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
    """Names objects by identity. It keeps those alive that cannot tell when they end."""

    def __init__(self) -> None:
        self._process = uuid.uuid4().hex
        self._numbers = itertools.count()
        self._named: dict[int, tuple[Callable[[], object], int]] = {}

    def name(self, value: object) -> str:
        """Name an object: another one that comes to lie in its place has another name."""
        found, number = self._named.get(id(value), (None, 0))
        if found is None or found() is not value:
            number = next(self._numbers)
            self._named[id(value)] = (_reference(value), number)
        return f"{self._process}:{number}"


def function_code(function: Callable[..., Any], identities: Identities) -> FunctionCode:
    """Name what a function does."""
    reading = _Reading(identities)
    try:
        digest = fingerprint(reading.of(function))
    except BaseException:  # noqa: BLE001  # a class may fail in any way when it is looked at
        return FunctionCode(digest=identities.name(function), is_lasting=False, module_paths=())
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
                changes = changes or _methods_change(type(value.__self__), {value.__name__})
                return (
                    "method", self.of(value.__func__), self.of(value.__self__, changes=changes)
                )  # fmt: skip
            case types.MethodDescriptorType():
                return ("method", self.of(value.__objclass__), value.__name__)
            case types.ModuleType():
                return ("module", self._module(value))
            case _:
                pass
        return self._named(value) or self._unnamed(value, changes)

    def _unnamed(self, value: Any, changes: bool) -> Any:
        if isinstance(value, types.FunctionType):
            return self._function(value)
        if callable(getattr(type(value), "cache_clear", None)):  # functools.lru_cache
            return ("remembering", self.of(value.__wrapped__))
        return self._class(value) if isinstance(value, type) else self._plain(value, changes)

    def _function(self, function: types.FunctionType) -> Any:
        if id(function) in self._open:  # it refers to itself
            return ("again", self._open[id(function)])
        self._open[id(function)] = len(self._open)
        reach = reach_of(function.__code__)
        referred = dict(_referred(function, reach.names))
        spoilt = _changes_through_calls(referred.values())
        for name in reach.imports:
            self._imported(name)
        inner = getattr(function, "__wrapped__", None)
        return (
            "function",
            body_digest(function.__code__, function.__doc__),
            [self.of(one) for one in function.__defaults__ or ()],
            {name: self.of(one) for name, one in (function.__kwdefaults__ or {}).items()},
            {
                name: self._bound_anew(function, name)
                if name in reach.rebound
                else self._reached(
                    one, reach, changes=name in reach.changed or spoilt or _changes(one, reach)
                )
                for name, one in sorted(referred.items())
            },
            None if inner is None else self.of(inner),
            {n: self.of(one) for n, one in vars(function).items() if n != "__wrapped__"},
        )

    def _bound_anew(self, function: types.FunctionType, name: str) -> Any:
        """Name a variable, such as a counter, that the function itself assigns, not its value."""
        self.is_lasting = False
        if name in function.__code__.co_freevars and function.__closure__:
            place = function.__code__.co_freevars.index(name)
            return ("variable", self.identities.name(function.__closure__[place]))
        return ("variable", self.identities.name(function.__globals__), name)

    def _reached(self, value: Any, reach: Reach, *, changes: bool) -> Any:
        """Name an object that a function refers to; of a project's module, what it uses of it."""
        if not isinstance(value, types.ModuleType) or not _is_own(value):
            return self.of(value, changes=changes)
        used = {
            name: self.of(vars(value)[name], changes=changes)
            for name in sorted(reach.attributes & vars(value).keys())
            if not isinstance(vars(value)[name], types.ModuleType)
        }
        return ("own module", self._module(value), used)

    def _imported(self, name: str) -> None:
        self.module_paths.update(located([name], local_roots()))
        module = sys.modules.get(name)
        if module is not None:
            self._module(module)

    def _module(self, module: types.ModuleType) -> str:
        """Name a module; note the files of a project's own, those of its submodules too."""
        prefix = f"{module.__name__}."
        for name, one in [*sys.modules.items()] if _is_own(module) else ():
            if one is module or name.startswith(prefix):
                path = getattr(one, "__file__", None)
                if path and is_local(path):
                    self.module_paths.add(path)
        return module.__name__

    def _named(self, value: Any) -> Any:
        """Name what can be imported from an installed package: `len`, `math.sin`, `json.dumps`."""
        if isinstance(value, _PLAIN):
            return None
        module_name = getattr(value, "__module__", None) or ""
        name = getattr(value, "__qualname__", None) or getattr(value, "__name__", "")
        module = sys.modules.get(str(module_name))
        found: Any = module
        for part in str(name).split(".") if name else ():
            found = getattr(found, part, None)
        if module is None or not name or found is not value or _is_own(module):
            return None
        return ("name", module.__name__, name)

    def _class(self, kind: type) -> Any:
        """Name a project's class by what its methods do."""
        if id(kind) in self._open:
            return ("again", self._open[id(kind)])
        self._open[id(kind)] = len(self._open)
        module = sys.modules.get(kind.__module__)
        if module is not None:
            self._module(module)
        methods = {
            name: self.of(getattr(one, "__func__", None) or getattr(one, "fget", None) or one)
            for name, one in sorted(vars(kind).items())
            if isinstance(one, types.FunctionType | classmethod | staticmethod | property)
        }
        bases = [self.of(base) for base in kind.__bases__]
        plain = {n: one for n, one in vars(kind).items() if isinstance(one, _PLAIN)}
        return ("class", kind.__qualname__, methods, bases, {n: plain[n] for n in sorted(plain)})

    def _plain(self, value: Any, changes: bool) -> Any:
        kind = type(value)
        if not (changes and not isinstance(value, _PLAIN)):
            try:
                parts: Any = ("value", fingerprint(value))
            except FingerprintError:
                parts = self._pickled(value)
            if parts is not None:
                is_object = is_dataclass(value) or isinstance(value, enum.Enum)
                return (*parts, self.of(kind)) if is_object else parts
        self.is_lasting = False
        return ("itself", self.identities.name(value))

    def _pickled(self, value: Any) -> Any:
        """Name an object by its pickle, which other processes may write otherwise.

        Only containers and objects of a project's classes: what a library's object, such as a
        random generator or a method of a list, holds may change with each use.
        """
        if type(value) not in _CONTAINERS and not _is_of_own_class(value):
            return None
        import cloudpickle

        try:
            text = cloudpickle.dumps(value)
        except Exception:  # noqa: BLE001  # pickling runs any class's own code
            return None
        self.is_lasting = False
        return ("pickled", hashlib.sha256(text).hexdigest())


def _reference(value: object) -> Callable[[], object]:
    try:
        return weakref.ref(value)
    except TypeError:  # such as a list
        return lambda: value


def _is_own(module: types.ModuleType) -> bool:
    """Whether a module is a project's: the program itself, or one that is not installed."""
    if module.__name__ == "__main__":
        return True
    path = getattr(module, "__file__", None)
    places = [path] if path else [f"{one}/" for one in getattr(module, "__path__", ())]
    return any(is_local(str(place)) for place in places)


def _changes_arguments(function: object) -> bool:
    code = getattr(function, "__code__", None)
    return isinstance(code, types.CodeType) and reach_of(code).changes_arguments


def _changes(value: object, reach: Reach) -> bool:
    """Whether code that looks these attributes up may call a method by which the object changes."""
    return _is_of_own_class(value) and _methods_change(type(value), reach.attributes)


def _methods_change(kind: type, names: Iterable[str]) -> bool:
    """Whether methods of these names change the object, or call others of it that do."""
    waiting, seen = list(names), set(names)
    while waiting:
        method = inspect.getattr_static(kind, waiting.pop(), None)
        code = getattr(method, "__code__", None)
        if not isinstance(code, types.CodeType):
            continue
        reach = reach_of(code)
        if reach.changes_arguments:
            return True
        waiting += reach.attributes - seen
        seen |= reach.attributes
    return False


def _is_of_own_class(value: object) -> bool:
    kind = type(value)
    module = sys.modules.get(kind.__module__)
    return kind is types.SimpleNamespace or (module is not None and _is_own(module))


def _changes_through_calls(values: Any) -> bool:
    """Whether a function that is referred to changes what it is given."""
    return any(_changes_arguments(one) for one in values if isinstance(one, types.FunctionType))


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
