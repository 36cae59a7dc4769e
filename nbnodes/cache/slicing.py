"""Rows of a value between two cuts come out, as a run of that range would give them.

The value is a table (pandas, pyarrow), a Series, an array (a structured one by a field), or a list
of rows. A slice keeps what it had: order, types, labels; but a table that is numbered from 0, as
one is that was just read, is numbered from 0 again, as the run of the narrower range would do.
Where it is not certain that a run would give the same rows, nothing is sliced.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import compress
from typing import Any, TypeAlias

from nbnodes.cache.bounds import NUMBER, ranked
from nbnodes.cache.intervals import Cut, Range
from nbnodes.cache.moments import NotSliceableError, at_moment, in_utc

On: TypeAlias = str | int | Callable[[Any], Any] | None
_Rows: TypeAlias = Any
"""Which rows: a Python slice where they are sorted, else an array or a list of bools."""


def cut_out(value: Any, wanted: Range, kind: str, *, on: On = None, of: Range | None = None) -> Any:
    """Return the rows of a value that are in a range; rows of tables and arrays are copies.

    Args:
        value: Where they are.
        wanted: The range.
        kind: Of what kind its bounds are (`nbnodes.cache.bounds`).
        on: As in `Interval`.
        of: The range that the value holds, which must be seen to cover what is wanted.

    Raises:
        NotSliceableError: If that cannot be told from the value.
    """
    try:
        return _cut(value, wanted, kind, on, of)
    except NotSliceableError:
        raise
    except Exception as error:
        # a table's rows may be anybody's objects, and fail in any way; then it has to run
        raise NotSliceableError(f"{type(error).__name__}: {error}") from error


def rows_between(
    keys: Any, wanted: Range, kind: str, *, of: Range | None = None, count: int | None = None
) -> _Rows:
    """Tell which rows are in a range: a Python slice if they are in order, else bools for all.

    Args:
        keys: Each row's place: a pandas Series or Index, an array or a list.
        wanted: The range.
        kind: As in `cut_out`.
        of: As in `cut_out`.
        count: The number of rows.

    Raises:
        NotSliceableError: As `cut_out`.
    """
    if count not in (None, len(keys)) or getattr(keys, "ndim", 1) != 1:
        raise NotSliceableError("it does not have one place for each row")
    array, place = _comparable(keys, kind)
    low, high = (place(cut) for cut in (wanted.low, wanted.high))
    if of is not None and not (place(of.low) <= low and high <= place(of.high)):
        raise NotSliceableError("the range it holds does not cover what is wanted")
    return _between(array, low, high)


def plainly_indexed(value: Any) -> Any:
    """Return a table whose row numbers are listed; pandas lists them or not as it sees fit.

    Rows 2, 5 and 6 of a table are listed, and so are 5 and 6 cut out of them; but 5 and 6 taken
    from the table itself are a range, which is another type.
    """
    if type(getattr(value, "index", None)).__name__ != "RangeIndex":
        return value
    import pandas as pd

    return value.set_axis(pd.Index(value.index.to_numpy(), name=value.index.name), axis=0)


def _cut(value: Any, wanted: Range, kind: str, on: On, of: Range | None) -> Any:
    keys = places(value, on)
    rows = rows_between(keys, wanted, kind, of=of, count=len(value))
    if _is_counted_down(value, keys):
        raise NotSliceableError("its rows are counted down to 0, as they would be in any range")
    taken = _taken(value, rows)
    return taken.reset_index(drop=True) if is_numbered(value, keys) else taken


# ---------------------------------------------------------------- by what rows have their place


def places(value: Any, on: On) -> Any:
    """Return each row's place, as a pandas Series or Index, an array or a list.

    Raises:
        NotSliceableError: If it has no rows.
    """
    library = library_of(value)
    if isinstance(value, list | tuple):
        return [_field(row, on) for row in value]
    if library not in ("pandas", "numpy", "pyarrow"):
        raise NotSliceableError(f"a {type(value).__name__} has no rows that could be sliced")
    if callable(on):
        return on(value)
    if library == "pandas":
        return _pandas_keys(value, on)
    if library == "pyarrow":
        column = value.column(on)
        return column.to_pandas() if column.num_chunks else column.to_pylist()
    if value.dtype.names is None and on is not None:
        return value[:, on]
    return value if on is None else value[on]


def _field(row: Any, on: On) -> Any:
    if on is None:
        return row
    if callable(on):
        return on(row)
    return row[on] if not isinstance(on, str) or hasattr(row, "keys") else getattr(row, on)


def _pandas_keys(value: Any, on: On) -> Any:
    if not hasattr(value, "iloc"):
        return value
    columns = getattr(value, "columns", ())
    if on is not None and on in columns:
        return value[on]
    if value.index.nlevels > 1 or (on is not None and on in value.index.names):
        return value.index.get_level_values(on)
    if on is not None:
        raise NotSliceableError(f"it has no column {on!r}")
    return value.index


# ---------------------------------------------------------------- which rows are in the range


def _comparable(keys: Any, kind: str) -> tuple[Any, Callable[[Cut], Cut]]:
    """Return the places as an array or a list, and what makes a cut comparable with them."""
    dtype = getattr(keys, "dtype", None)
    if str(dtype) == "category":
        keys = keys.astype(keys.cat.categories.dtype if hasattr(keys, "cat") else keys.categories)
        dtype = keys.dtype
    if getattr(dtype, "kind", "") == "M":
        moments, zone = in_utc(keys)
        return moments, lambda cut: at_moment(cut, kind, moments, zone)
    if getattr(dtype, "kind", "?") in "iuf" and not _has_missing_integers(keys):
        if kind not in (NUMBER, ""):
            raise NotSliceableError(f"its rows have numbers, the range is of a {kind}")
        array = _numbers(keys)
        return array, lambda cut: _at_number(cut, array.dtype)
    return [_rank(key, kind) for key in keys], lambda cut: cut


def _has_missing_integers(keys: Any) -> bool:
    return keys.dtype.kind in "iu" and hasattr(keys, "isna") and bool(keys.isna().any())


def _numbers(keys: Any) -> Any:
    import numpy as np

    if hasattr(keys, "isna"):
        return keys.to_numpy(dtype=getattr(keys.dtype, "numpy_dtype", None), na_value=np.nan)
    return np.asarray(keys)


def _at_number(cut: Cut, dtype: Any) -> Cut:
    """Move a cut to the next number that an array's type has exactly."""
    rank = cut.rank
    if cut.beyond or isinstance(rank, str):
        return cut
    if dtype.kind == "f":
        import numpy as np

        with np.errstate(all="ignore"):
            if dtype.type(rank) != np.longdouble(rank):
                raise NotSliceableError(f"{rank} is rounded as a {dtype}")
        return cut._replace(rank=float(rank))
    if isinstance(rank, int) or math.isinf(rank):
        return cut
    whole = math.floor(rank)
    return cut._replace(rank=whole, after=cut.after or whole != rank)


def _rank(key: Any, kind: str) -> Any:
    """Rank a row's place; None for a row that has none, which is in no range that has a bound."""
    if key is None or type(key).__name__ == "NAType" or key != key:  # noqa: PLR0124  # NaN, NaT
        return None
    found = ranked(key)
    if kind and found.kind != kind:
        raise NotSliceableError(f"its rows have a {found.kind}, the range is of a {kind}")
    return found.rank


def _between(keys: Any, low: Cut, high: Cut) -> _Rows:
    if low.beyond and high.beyond:
        return slice(None)
    if isinstance(keys, list):
        return _list_between(keys, low, high)
    import numpy as np

    # one NaN alone is in order, and yet in no range
    if bool(np.all(keys[1:] >= keys[:-1])) and not (len(keys) and keys[-1] != keys[-1]):
        first, last = (_position(keys, cut) for cut in (low, high))
        return slice(first, max(first, last))
    above = np.ones(len(keys), dtype=bool)
    if not low.beyond:
        above = keys > low.rank if low.after else keys >= low.rank
    if high.beyond:
        return above
    return above & (keys <= high.rank if high.after else keys < high.rank)


def _list_between(keys: list[Any], low: Cut, high: Cut) -> _Rows:
    cuts = (None if key is None else Cut(0, key, False) for key in keys)
    # a key lies just before the cut behind it: it is within if `low` is at most before it
    return [cut is not None and low <= cut and cut._replace(after=True) <= high for cut in cuts]


def _position(keys: Any, cut: Cut) -> int:
    if cut.beyond:
        return 0 if cut.beyond < 0 else len(keys)
    import numpy as np

    rank: Any = cut.rank
    if keys.dtype.kind in "iu" and not isinstance(rank, str):
        limits = np.iinfo(keys.dtype)
        if not limits.min <= rank <= limits.max:
            return 0 if rank < limits.min else len(keys)
        rank = keys.dtype.type(rank)
    return int(np.searchsorted(keys, rank, side="right" if cut.after else "left"))


# ---------------------------------------------------------------- those rows


def _taken(value: Any, rows: _Rows) -> Any:
    library = library_of(value)
    if isinstance(value, list | tuple):
        chosen = value[rows] if isinstance(rows, slice) else compress(value, rows)
        return type(value)(chosen)
    if isinstance(rows, list):
        import numpy as np

        rows = np.array(rows, dtype=bool)
    if library == "pandas":
        return value.iloc[rows].copy() if hasattr(value, "iloc") else value[rows]
    if library == "numpy":
        return value[rows].copy()
    if not isinstance(rows, slice):
        return value.filter(rows)
    first, last, _ = rows.indices(value.num_rows)
    return value.slice(first, last - first)


def is_numbered(table: Any, keys: Any) -> bool:
    """Whether rows have the numbers 0, 1, … that a table gets that was given no index."""
    index: Any = getattr(table, "index", None)
    return (
        index is not keys  # else the numbers are the rows' places
        and type(index).__name__ == "RangeIndex"
        and index.name is None
        and (index.start, index.step) == (0, 1)
    )


def _is_counted_down(table: Any, keys: Any) -> bool:
    index: Any = getattr(table, "index", None)
    is_range = index is not keys and type(index).__name__ == "RangeIndex"
    return is_range and index.step < 0 and len(index) > 0 and not index[-1]


def library_of(value: Any) -> str:
    """Name the package that a value's type comes from."""
    return str(type(value).__module__).partition(".")[0]
