"""Rows of adjoining ranges become one value, as one run of the whole would give it.

Where that is not certain (other types, rows in no order) they are not put together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nbnodes.cache.moments import NotSliceableError
from nbnodes.cache.slicing import On, is_numbered, library_of, places


def joined(parts: Sequence[Any], *, on: On = None) -> Any:
    """Put the rows of adjoining ranges together, in the order in which one run would give them.

    Args:
        parts: Values as `cut_out` gives them, in the order of their ranges.
        on: As in `Interval`.

    Raises:
        NotSliceableError: If they are of different types, or not in order.
    """
    if len({type(part) for part in parts}) != 1:
        raise NotSliceableError("the parts are of different types")
    filled = [part for part in parts if len(part)] or list(parts[:1])
    try:
        if len(filled) > 1 and _is_descending(filled, on):
            filled.reverse()
        return _put_together(filled, on)
    except NotSliceableError:
        raise
    except Exception as error:
        raise NotSliceableError(f"{type(error).__name__}: {error}") from error


def _is_descending(parts: Sequence[Any], on: On) -> bool:
    """Whether rows go from high to low.

    Raises:
        NotSliceableError: If they go neither way: how one run would mix them is not known.
    """
    ways = [_ways(places(part, on)) for part in parts]
    ups, downs = (all(way) for way in zip(*ways, strict=True))
    if not ups and not downs:
        raise NotSliceableError("its rows are in no order, so parts of it cannot be put together")
    return downs and not ups


def _ways(keys: Any) -> tuple[bool, bool]:
    """Whether places never go down, and whether they never go up."""
    if hasattr(keys, "is_monotonic_increasing"):
        return keys.is_monotonic_increasing, keys.is_monotonic_decreasing
    later, earlier = keys[1:], keys[:-1]
    if isinstance(keys, list):
        pairs = list(zip(earlier, later, strict=True))
        return all(a <= b for a, b in pairs), all(a >= b for a, b in pairs)
    return bool((earlier <= later).all()), bool((earlier >= later).all())


def _put_together(parts: Sequence[Any], on: On) -> Any:
    library = library_of(parts[0])
    if len(parts) == 1:
        return parts[0]
    if library == "pandas":
        return _concatenated(parts, on)
    if library == "numpy":
        import numpy as np

        if len({part.dtype for part in parts}) > 1:
            raise NotSliceableError("the parts have different types")
        return np.concatenate(parts)
    if library == "pyarrow":
        import pyarrow as pa

        return pa.concat_tables(parts)
    return type(parts[0])(row for part in parts for row in part)


def _concatenated(parts: Sequence[Any], on: On) -> Any:
    import pandas as pd

    if len({_types(part) for part in parts}) > 1:
        raise NotSliceableError("the parts have different columns or types")
    if not hasattr(parts[0], "iloc"):
        return parts[0].append(list(parts[1:]))
    are_numbered = all(is_numbered(part, places(part, on)) for part in parts)
    whole = pd.concat(list(parts), ignore_index=are_numbered)
    steps = {getattr(part.index, "freq", None) for part in parts}
    if len(steps) == 1 and None not in steps:
        (whole.index.freq,) = steps  # refuses an index that does not go on in these steps
    return whole


def _types(part: Any) -> Any:
    """Name what concatenation would have to change where it differs."""
    columns = part.dtypes.items() if getattr(part, "ndim", 1) > 1 else [(part.name, part.dtype)]
    categories = [(name, str(dtype), getattr(dtype, "categories", ())) for name, dtype in columns]
    index = getattr(part, "index", part)
    return (
        type(part),
        tuple((name, text, tuple(values)) for name, text, values in categories),
        (str(index.dtype), tuple(index.names), repr(getattr(part, "attrs", None))),
    )
