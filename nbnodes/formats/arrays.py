"""An array of NumPy, or a table or column of pandas, becomes lists; whole columns at a time.

`of` is how one value becomes JSON: columns of plain numbers need no look at each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Of: TypeAlias = Callable[[Any], Any]

_PLAIN_KINDS = "biuf"
_LAST_YEAR = 9999  # of `datetime`


def library_of(value: Any) -> str:
    """Return the name of the package that a value's type is of."""
    return type(value).__module__.partition(".")[0]


def is_array(value: Any) -> bool:
    """Tell whether a value is NumPy's array, or one cell of it."""
    import numpy as np

    return isinstance(value, np.ndarray | np.generic)


def characters_of(array: Any) -> int:
    """Return how many characters a cell of an array may have, by its type."""
    return int(array.dtype.itemsize // 4) if array.dtype.kind == "U" else 0


def is_frame(value: Any) -> bool:
    """Tell whether a value is pandas' DataFrame."""
    import pandas as pd

    return isinstance(value, pd.DataFrame)


def is_column(value: Any) -> bool:
    """Tell whether a value is one column of pandas, without the labels of its rows."""
    import pandas as pd

    return isinstance(value, pd.Index | pd.api.extensions.ExtensionArray)


def is_series(value: Any) -> bool:
    """Tell whether a value is pandas' Series."""
    import pandas as pd

    return isinstance(value, pd.Series)


def array_json(array: Any, of: Of) -> Any:
    """Write an array of NumPy, or one cell of it: lists in lists, NaN and NaT as null."""
    import numpy as np

    if array.ndim == 0:
        return array_json(array.reshape(1), of)[0]
    kind = array.dtype.kind
    if isinstance(array, np.ma.MaskedArray):
        return of(array.tolist())
    if kind in "biuU":
        return array.tolist()
    if kind == "f":
        return _floats(array)
    if kind == "M":
        return _moments(array)
    if kind == "m":  # in nanoseconds, NumPy's default, `tolist` gives bare integers
        array = array.astype("m8[us]")
    return of(array.tolist())


def frame_json(frame: Any, of: Of) -> dict[str, Any]:
    """Write a table: the names of its columns, the labels of its rows, and its rows."""
    columns = [column_json(frame.iloc[:, place], of) for place in range(frame.shape[1])]
    rows = zip(*columns, strict=True) if columns else ((),) * len(frame)
    return {
        "columns": column_json(frame.columns, of),
        "index": column_json(frame.index, of),
        "data": [list(row) for row in rows],
    }


def series_json(series: Any, of: Of) -> dict[str, Any]:
    """Write a column with its name and the labels of its rows."""
    labels = column_json(series.index, of)
    return {"name": of(series.name), "index": labels, "data": column_json(series, of)}


def column_json(column: Any, of: Of) -> list[Any]:
    """Write the cells of a Series, an Index or an extension array."""
    kind = _kind(column)
    if kind in ("b", "i", "u"):
        return list(column.tolist())
    if kind == "f":
        return list(_floats(column.to_numpy()))
    if kind == "M" or _is_zoned(column.dtype):
        import pandas as pd

        return [None if moment is pd.NaT else moment.isoformat() for moment in column]
    return [of(cell) for cell in column]


def is_plainly_json(part: Any) -> bool:
    """Tell from the type of its cells that an array or column can be written, however long it is.

    False where the cells themselves have to be looked at.
    """
    import numpy as np

    if isinstance(part, np.ma.MaskedArray):
        return False
    if is_array(part):
        return part.dtype.kind in f"{_PLAIN_KINDS}MU"
    return _kind(part) in tuple(f"{_PLAIN_KINDS}Mm") or _is_plain_extension(part.dtype)


def is_text(part: Any) -> bool:
    """Tell whether the cells of an array or column are texts, by its type."""
    import pandas as pd

    return isinstance(part.dtype, pd.StringDtype)


def parts_of(value: Any) -> tuple[Any, ...]:
    """Return the columns that a table or Series is written as: its names, its labels, its cells."""
    import pandas as pd

    if is_frame(value):
        columns = (value.iloc[:, place].array for place in range(value.shape[1]))
        return (value.columns, value.index, *columns)
    return (pd.Index([value.name]), value.index, value.array)


def _kind(column: Any) -> str:
    import numpy as np

    return str(column.dtype.kind) if isinstance(column.dtype, np.dtype) else ""


def _is_plain_extension(dtype: Any) -> bool:
    import pandas as pd

    if isinstance(dtype, pd.CategoricalDtype):
        return is_plainly_json(dtype.categories)
    kinds = pd.DatetimeTZDtype | pd.PeriodDtype | pd.IntervalDtype | pd.StringDtype
    return isinstance(dtype, kinds) or getattr(dtype, "kind", "O") in _PLAIN_KINDS


def _is_zoned(dtype: Any) -> bool:
    import pandas as pd

    return isinstance(dtype, pd.DatetimeTZDtype)


def _floats(array: Any) -> Any:
    import numpy as np

    if array.dtype.itemsize > np.dtype(float).itemsize:
        array = array.astype(float)  # a long double has no Python twin
    finite = np.isfinite(array)
    if finite.all():
        return array.tolist()
    cells = array.astype(object)
    cells[~finite] = None
    return cells.tolist()


def _moments(array: Any) -> Any:
    import numpy as np

    years = array[~np.isnat(array)].astype("M8[Y]").astype(np.int64) + 1970
    if years.size and not (years.min() >= 1 and years.max() <= _LAST_YEAR):
        texts = np.datetime_as_string(array.ravel()).tolist()
        cells = [None if text == "NaT" else text for text in texts]
    else:  # in nanoseconds, NumPy's default, `tolist` gives bare integers
        moments = array.astype("M8[us]").ravel().tolist()
        cells = [None if moment is None else moment.isoformat() for moment in moments]
    shaped = np.empty(len(cells), dtype=object)
    shaped[:] = cells
    return shaped.reshape(array.shape).tolist()
