"""Two values go in, whether a view need change comes out: by digest, by tolerance, or by function.

What is compared is the *last value shown*, not the last computed, and its digest is what goes
downstream; so that many steps, each within a tolerance, do not add up to a change nobody saw
(`Shown`). Values are never compared by `==`, which raises for tables, is not a truth for arrays
and never holds for NaN.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, TypeAlias, TypeVar

from nbnodes.cache.fingerprint import fingerprint
from nbnodes.errors import FingerprintError, NbnodesWarning, UsageError, warn

Eq: TypeAlias = Callable[[Any, Any], bool]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """Takes values for equal whose numbers differ by little; all else in them must be the same.

    Two numbers are near if they differ by at most `atol`, or by at most `rtol` of the larger one.
    These are floats, complex numbers, Decimals and durations (`atol` in seconds), alone, in
    containers, arrays, columns. Integers, labels, categories, text and times are exact.

    Raises:
        UsageError: If one is not a number from 0 on.
    """

    rtol: float = 1e-9
    atol: float = 0.0

    def __post_init__(self) -> None:
        given: dict[str, Any] = {"rtol": self.rtol, "atol": self.atol}
        wrong = [f"{n}={v!r}" for n, v in given.items() if not _is_size(v)]
        if wrong:
            raise UsageError(f"Tolerance({', '.join(wrong)}): expected finite numbers from 0 on")

    def __call__(self, old: Any, new: Any) -> bool:
        """Compare two values whose types are all known here."""
        return Comparers().equal(old, new, self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparers:
    """Which types are named and compared in a way of their own. A value: registering makes another.

    Attributes:
        digests: For a type, a function from its objects to plain data that names them.
        equals: For a type, a function that tells whether two of its objects are the same.
    """

    digests: Mapping[type, Callable[[Any], Any]] = field(default_factory=dict)
    equals: Mapping[type, Eq] = field(default_factory=dict)

    def register_digest(self, kind: type[_T], function: Callable[[_T], Any]) -> Comparers:
        """Also name objects of a type, and of those derived from it, by what a function returns.

        It is taken instead of what nbnodes knows of that type.
        """
        return replace(self, digests={**self.digests, kind: function})

    def register_equal(self, kind: type[_T], function: Callable[[_T, _T], bool]) -> Comparers:
        """Also compare two objects of a type, or of one derived from it, by a function."""
        return replace(self, equals={**self.equals, kind: function})

    def digest(self, value: Any) -> str:
        """Name a value: as `fingerprint`, and with the types that are registered.

        Raises:
            FingerprintError: If a part of it is of a type that has no name.
        """
        if self.digests:
            return fingerprint(self.named(value))
        try:
            return fingerprint(value)
        except FingerprintError:
            named = self.named(value)
            if named is value:
                raise
            return fingerprint(named)

    def named(self, value: Any) -> Any:
        """Return a value with every object of a registered type replaced by one that has a digest.

        Raises:
            FingerprintError: If a registered function fails.
        """
        try:
            return self._named(value)
        except RecursionError:
            raise FingerprintError("value: it contains itself, or is nested too deeply") from None

    def equal(self, old: Any, new: Any, eq: Eq | None = None) -> bool:
        """Tell whether two values are the same; never raises.

        Args:
            old: One value.
            new: The other.
            eq: A Tolerance, or a function that decides; if it fails, digests do. None: digests, and
                registered functions for their types.
        """
        if eq is not None and not isinstance(eq, Tolerance):
            return self._is_told_equal(old, new, eq)
        if eq is None and not self.equals:
            return self._has_same_digest(old, new)
        try:
            return _Comparison(self, eq).same(old, new)
        except Exception:  # noqa: BLE001  # anybody's class, in any way; a change cannot be ruled out
            return False

    def _is_told_equal(self, old: Any, new: Any, eq: Eq) -> bool:
        try:
            return bool(eq(old, new))
        except Exception as error:  # noqa: BLE001  # a user's function
            text = f"eq={eq!r} failed ({type(error).__name__}: {error}); values are told by digest"
            warn(text, NbnodesWarning)
            return self._has_same_digest(old, new)

    def _has_same_digest(self, old: Any, new: Any) -> bool:
        try:
            return self.digest(old) == self.digest(new)
        except Exception:  # noqa: BLE001  # FingerprintError, or whatever `__nb_hash__` does
            return False

    def _named(self, value: Any) -> Any:
        kind = type(value)
        function = registered(self.digests, kind) or _figure_parts(kind)
        if function is not None:
            try:
                parts = function(value)
            except Exception as error:  # a user's function
                raise FingerprintError(f"a {kind.__qualname__} has no digest: {error}") from error
            return _Named(kind, self._named(parts))
        parts = _parts(value)
        if parts is None:
            return value
        named = [self._named(part) for part in parts]
        if all(new is old for new, old in zip(named, parts, strict=True)):
            return value
        return _rebuilt(value, named)


class _Named:
    """Stands for an object of a registered type in what is fingerprinted."""

    def __init__(self, kind: type, parts: Any) -> None:
        self._parts = (f"{kind.__module__}.{kind.__qualname__}", parts)

    def __nb_hash__(self) -> Any:
        return self._parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The value that is shown, and the digest that goes downstream.

    Attributes:
        value: The value; whoever got it must not have changed it since.
        digest: Its digest; None if it has none, and then every other value is a change.
    """

    value: Any
    digest: str | None

    @classmethod
    def first(cls, value: Any, *, comparers: Comparers | None = None) -> Shown:
        """Show a value where none was shown."""
        return cls(value=value, digest=_digest(value, comparers or Comparers()))

    def after(
        self, value: Any, *, eq: Eq | None = None, comparers: Comparers | None = None
    ) -> Shown:
        """Return what is shown after a value was computed: `self` itself if that is no change."""
        comparers = comparers or Comparers()
        digest = _digest(value, comparers)
        if digest is not None and digest == self.digest:
            return self
        if (eq is not None or comparers.equals) and comparers.equal(self.value, value, eq):
            return self
        return Shown(value=value, digest=digest)


def equal(old: Any, new: Any, eq: Eq | None = None, *, comparers: Comparers | None = None) -> bool:
    """Tell whether two values are the same; see `Comparers.equal`."""
    return (comparers or Comparers()).equal(old, new, eq)


def registered(functions: Mapping[type, _T], kind: type) -> _T | None:
    """Return what is registered for a type, or for the nearest one it is derived from."""
    if not functions:
        return None
    return next((functions[base] for base in kind.__mro__ if base in functions), None)


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Two values, part by part."""

    comparers: Comparers
    tolerance: Tolerance | None

    def same(self, old: Any, new: Any) -> bool:
        kind = type(old)
        if type(new) is not kind:
            return False
        told = registered(self.comparers.equals, kind)
        if told is not None:
            return bool(told(old, new))
        if registered(self.comparers.digests, kind) is None:
            if kind in (dict, OrderedDict):
                return self._same_dict(old, new)
            parts = None if kind in (set, frozenset) else _parts(old)
            if parts is not None:
                return self.all_same(parts, _parts(new) or [])
            near = self._near(old, new)
            if near is not None:
                return near
        return self.comparers.digest(old) == self.comparers.digest(new)

    def all_same(self, old: list[Any], new: list[Any]) -> bool:
        if len(old) != len(new):
            return False
        return all(self.same(a, b) for a, b in zip(old, new, strict=True))

    def _same_dict(self, old: dict[Any, Any], new: dict[Any, Any]) -> bool:
        """Compare by the keys' digests: keys may be NaN, or equal and of different types."""
        if isinstance(old, OrderedDict):
            return self.all_same(list(old.items()), list(new.items()))
        ours, theirs = (
            {self.comparers.digest(key): element for key, element in one.items()}
            for one in (old, new)
        )
        return ours.keys() == theirs.keys() and all(
            self.same(ours[name], theirs[name]) for name in ours
        )

    def _near(self, old: Any, new: Any) -> bool | None:
        if self.tolerance is None:
            return None
        from nbnodes.cache.nearness import Nearness

        nearness = Nearness(
            rtol=self.tolerance.rtol,
            atol=self.tolerance.atol,
            same=self.all_same,
            digest=self.comparers.digest,
        )
        return nearness.near(old, new)


def _parts(value: Any) -> list[Any] | None:
    """Return the parts of a container; None if it is none whose parts are looked at."""
    kind = type(value)
    if kind in (list, tuple, set, frozenset):
        return list(value)
    if kind in (dict, OrderedDict):
        return [part for pair in value.items() for part in pair]
    if isinstance(value, type) or hasattr(kind, "__nb_hash__"):
        return None
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return list(value)
    if is_dataclass(value):
        return [getattr(value, part.name) for part in fields(value)]
    return None


def _rebuilt(value: Any, parts: list[Any]) -> Any:
    """Put a container together of other parts; a class of one's own only by its name."""
    kind = type(value)
    if kind in (list, tuple, set, frozenset):
        return kind(parts)
    if kind in (dict, OrderedDict):
        return kind(zip(parts[::2], parts[1::2], strict=True))
    names = [part.name for part in fields(value)] if is_dataclass(value) else value._fields
    return _Named(kind, list(zip(names, parts, strict=True)))


def _figure_parts(kind: type) -> Callable[[Any], Any] | None:
    """Return what takes a Matplotlib figure apart; None for every other type."""
    if not any(base.__module__ == "matplotlib.figure" for base in kind.__mro__):
        return None
    from nbnodes.cache.figures import figure_parts

    return figure_parts if kind.__name__ != "SubFigure" else None


def _digest(value: Any, comparers: Comparers) -> str | None:
    try:
        return comparers.digest(value)
    except Exception:  # noqa: BLE001  # FingerprintError, or whatever `__nb_hash__` does
        return None


def _is_size(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and value >= 0  # type: ignore[arg-type, operator]
