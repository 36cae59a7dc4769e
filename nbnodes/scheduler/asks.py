"""A notebook's declaration, its values and its key's parts become what is asked of a range. Pure.

A notebook declares in its metadata that a run of a wider range answers a narrower one:

    "nbnodes": {"subset": {"start": "start", "end": "end", "on": "date", "halo": {"days": 30}}}

with the names of `nbnodes.cache.intervals.Interval`; a `halo` of times is written as the arguments
of a timedelta.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from nbnodes.cache.equality import Eq
from nbnodes.cache.fingerprint import fingerprint
from nbnodes.cache.intervals import Interval
from nbnodes.cache.key import KeyParts
from nbnodes.errors import UsageError
from nbnodes.notebook.document import Notebook
from nbnodes.notebook.parameters import literal_defaults
from nbnodes.result import CacheKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A notebook or function, and the range that its value is wanted for.

    Attributes:
        name: What messages call it.
        interval: Its declaration.
        family: What its runs share besides the range; see `family_digest`.
        values: Its other parameters, and the bounds where the caller gave them.
        start: The lower bound, given or by default; None for none.
        end: The upper bound; as `start`.
        key: The key of the run with these values; None if it is not known.
        eq: How an audit compares; see `Comparers.equal`.
    """

    name: str
    interval: Interval
    family: str
    values: Mapping[str, Any]
    start: Any
    end: Any
    key: CacheKey | None = None
    eq: Eq | None = None


def ask_of(
    notebook: Notebook,
    values: Mapping[str, Any],
    parts: KeyParts,
    interval: Interval | None = None,
) -> Ask | None:
    """Return what a run of a notebook asks for; None if it is not about a range that is known.

    Args:
        notebook: The notebook.
        values: The given parameters, validated.
        parts: The parts of the run's key.
        interval: The declaration; None for the notebook's own.

    Raises:
        UsageError: If the notebook's declaration is wrong.
    """
    interval = interval or interval_of(notebook)
    if interval is None or _runs_more_by_default(notebook, values):
        return None
    known = dict(values)
    if notebook.is_python:
        sources = (cell.source for cell in notebook.parameters_cells)
        known = literal_defaults(*sources) | known
    if not {interval.start, interval.end} <= known.keys():
        return None
    return Ask(
        name=notebook.name,
        interval=interval,
        family=family_digest(parts, interval),
        values=values,
        start=known[interval.start],
        end=known[interval.end],
        key=parts.key,
    )


def interval_of(notebook: Notebook) -> Interval | None:
    """Read what a notebook's metadata declares; None if it declares nothing.

    Raises:
        UsageError: With every mistake in it.
    """
    declared = notebook.options.get("subset")
    if declared is None:
        return None
    where = f"{notebook.name}: metadata.nbnodes.subset"
    if not isinstance(declared, Mapping):
        raise UsageError(f"{where}: expected an object, found {type(declared).__name__}")
    names = {part.name for part in fields(Interval)} - {"_"}
    problems = [f"{name!r} is not known" for name in declared if name not in names]
    problems += [f"{name!r} is missing" for name in ("start", "end") if name not in declared]
    if callable(declared.get("concat")) or isinstance(declared.get("concat"), str):
        problems.append("'concat' can only be true or false here")
    if problems:
        raise UsageError(f"{where}: {'; '.join(problems)}")
    try:
        halo = _halo(declared.get("halo"))
        return Interval(**{**declared, "halo": halo})
    except (UsageError, TypeError) as error:
        raise UsageError(f"{where}: {error}") from error


def family_digest(parts: KeyParts, interval: Interval) -> str:
    """Name what runs share besides the range: all parts of their keys, and the declaration."""
    bounds = (interval.start, interval.end)
    others = {name: part for name, part in parts.parameters.items() if name not in bounds}
    halos = [None if halo is None else fingerprint(halo) for halo in interval.halos]
    on: Any = interval.on
    by = getattr(on, "__qualname__", type(on).__qualname__) if callable(on) else on
    return fingerprint((replace(parts, parameters=others).key, *bounds, by, interval.closed, halos))


def _runs_more_by_default(notebook: Notebook, values: Mapping[str, Any]) -> bool:
    """Whether it has cells that run only if nothing is given, as to a part something would be."""
    both = (notebook.steps(parameterized=parameterized) for parameterized in (True, False))
    return not values and len({len(steps) for steps in both}) > 1


def _halo(declared: Any) -> Any:
    """Read a halo: a number, the arguments of a timedelta, or a pair of those."""
    if isinstance(declared, list):
        return tuple(_halo(one) for one in declared)
    return datetime.timedelta(**declared) if isinstance(declared, Mapping) else declared
