"""Arrays and tables are taken apart into plain parts that name them, for the fingerprint. Pure.

The first part says what kind it is. Byte order, memory layout and padding do not count; every NaN
is one NaN, and -0.0 is 0.0, as for plain numbers.
"""

from __future__ import annotations

import hashlib
from typing import Any

Parts = tuple[Any, ...]
_X87_BYTES = 10  # of a long double on x86; what follows in memory is padding


def parts(value: Any, library: str) -> Parts | None:
    """Return the parts of a value of "numpy", "pandas" or "pyarrow"; None if its type has none."""
    if library == "numpy":
        return _numpy(value)
    return _pandas(value) if library == "pandas" else _pyarrow(value)


class Buffer:
    """Raw memory, named by its digest."""

    def __init__(self, content: Any) -> None:
        self._digest = hashlib.sha256(content).digest()

    def __nb_hash__(self) -> bytes:
        """Return the digest."""
        return self._digest


# ---------------------------------------------------------------- numpy


def _numpy(value: Any) -> Parts | None:
    import numpy as np

    if isinstance(value, np.generic):
        return ("scalar", *_array(np.asarray(value)))
    if type(value) in (np.ndarray, np.memmap):
        return ("array", *_array(value))
    return ("dtype", str(value)) if isinstance(value, np.dtype) else None


def _array(array: Any) -> Parts:
    import numpy as np

    dtype = array.dtype
    if dtype.names is not None:
        return ("fields", array.shape, [(name, np.asarray(array[name])) for name in dtype.names])
    if dtype.hasobject:
        return (dtype.kind, array.shape, _objects(array.ravel().tolist()))
    flat = np.ascontiguousarray(array).reshape(-1).astype(dtype.newbyteorder("<"), copy=False)
    if dtype.kind in "fc":
        flat = _canonical(flat)
    return (dtype.newbyteorder("<").str, array.shape, Buffer(flat.tobytes()))


def _canonical(flat: Any) -> Any:
    """Give equal numbers equal bytes: one NaN, one zero, nothing in between."""
    import numpy as np

    real = flat.view(flat.real.dtype)
    real = real + real.dtype.type(0)  # -0.0 becomes 0.0
    real[np.isnan(real)] = np.nan
    if real.dtype.itemsize > _X87_BYTES and np.finfo(real.dtype).nmant == 63:  # noqa: PLR2004
        raw = real.view(np.uint8).reshape(-1, real.dtype.itemsize)
        raw[:, _X87_BYTES:] = 0
    return real


def _objects(elements: list[Any]) -> Any:
    """Name a list; one of nothing but text, the common case, without naming each element."""
    if all(type(element) is str for element in elements):
        joined = "".join(elements).encode("utf-8", "surrogatepass")
        lengths = ",".join(str(len(element)) for element in elements)
        return ("text", Buffer(joined), Buffer(lengths.encode()))
    return elements


# ---------------------------------------------------------------- pandas


def _pandas(value: Any) -> Parts | None:
    import pandas as pd

    if value is pd.NaT or value is pd.NA:
        return (str(value),)
    kinds = (
        (pd.DataFrame, _frame),
        (pd.Series, lambda v: (v.name, v.index, _column(v.array), v.attrs)),
        (pd.MultiIndex, lambda v: (list(v.names), list(map(v.get_level_values, range(v.nlevels))))),
        (
            pd.Index,
            lambda v: (list(v.names), _column(v.array), str(getattr(v, "freqstr", None))),
        ),
        (pd.api.extensions.ExtensionArray, _column),
        (pd.Timestamp, lambda v: (v.unit, v.value, v.tzinfo)),
        (pd.Timedelta, lambda v: (v.unit, v.value)),
        (pd.Period, lambda v: (v.freqstr, v.ordinal)),
        (pd.Interval, lambda v: (v.left, v.right, v.closed)),
        (pd.CategoricalDtype, lambda v: (v.categories, v.ordered)),
    )
    found = next((take(value) for kind, take in kinds if isinstance(value, kind)), None)
    return None if found is None else (f"pandas.{type(value).__name__}", *found)


def _frame(frame: Any) -> Parts:
    columns = [_column(frame.iloc[:, i].array) for i in range(frame.shape[1])]
    return (frame.columns, frame.index, columns, frame.attrs)


def _column(array: Any) -> Parts:
    """Name a column's values; categories by value, text and objects element by element."""
    import numpy as np

    name = str(array.dtype)
    if name == "category":
        return (name, array.ordered, array.categories, np.asarray(array.codes))
    if isinstance(array.dtype, np.dtype) and array.dtype != object:
        return (name, array.to_numpy())
    if hasattr(array, "asi8"):
        return (name, getattr(array.dtype, "tz", None), array.asi8)
    return (name, _objects(array.astype(object).tolist()))


# ---------------------------------------------------------------- pyarrow


def _pyarrow(value: Any) -> Parts | None:
    import pyarrow as pa

    if not isinstance(value, pa.Table):
        return None
    named = zip(value.schema, value.columns, strict=True)
    columns = [(field.name, str(field.type), field.nullable, _chunks(c)) for field, c in named]
    return ("pyarrow.Table", value.num_rows, columns, value.schema.metadata)


def _chunks(column: Any) -> Any:
    """Name a column by its values, however it is cut into chunks."""
    import pyarrow as pa

    numeric = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    if numeric and not column.null_count:
        return column.to_numpy()
    return _objects(column.to_pylist())
