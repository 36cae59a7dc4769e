"""A Success becomes a table: CSV, or for other programs an Arrow stream or a Parquet file."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nbnodes.errors import FormatError
from nbnodes.formats.arrays import is_frame, is_series, library_of
from nbnodes.formats.documents import plain_text
from nbnodes.formats.integers import int_text, of_any_length
from nbnodes.result import Success

_CELL_TYPES = (str, int, bool, float, type(None))


def csv(result: Success, limit: int | None = None) -> str:
    """Write a table, rows, records or a column of values.

    Raises:
        FormatError: If the value is no table, or has more elements than the limit.
    """
    value = result.value
    if _has(value, "to_csv"):
        return str(of_any_length(value.to_csv))
    if not _has_rows(value):
        raise _no_table(value)
    if not _is_small(value, limit):
        raise FormatError(f"a {type(value).__name__} has more than {limit:,} elements")
    rows = value.tolist() if hasattr(value, "tolist") else value
    if all(isinstance(row, Mapping) for row in rows):
        names = _names(rows)
        return _csv_text([names, *([row.get(name) for name in names] for row in rows)])
    return _csv_text([row if isinstance(row, list | tuple) else [row] for row in rows])


def has_csv(result: Success, limit: int | None = None) -> bool:
    """Tell whether the value is a table."""
    value = result.value
    return _has(value, "to_csv") or (_has_rows(value) and _is_small(value, limit))


def arrow(result: Success) -> bytes:
    """Write a table as an Arrow IPC stream.

    Raises:
        FormatError: If the value is no table with named columns, each of one type; or pyarrow is
            not installed.
    """
    table = _arrow_table(result.value)
    from pyarrow import ipc

    file = io.BytesIO()
    with ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table)
    return file.getvalue()


def parquet(result: Success) -> bytes:
    """Write a table as a Parquet file.

    Raises:
        FormatError: As `arrow`, or if Parquet has nothing for the type of a column.
    """
    return _parquet(_arrow_table(result.value), result.value)


def has_arrow(result: Success) -> bool:
    """Tell whether `arrow` takes a Result; the cells of plain columns are not looked at."""
    return _schema(result.value) is not None


def has_parquet(result: Success) -> bool:
    """Tell whether `parquet` takes a Result; the cells of plain columns are not looked at."""
    schema = _schema(result.value)
    if schema is None:
        return False
    try:
        _parquet(schema.empty_table(), result.value)
    except FormatError:
        return False
    return True


def _schema(value: Any) -> Any:
    """Return the types of a table's columns; None for what is no table to Arrow."""
    from importlib.util import find_spec

    if not (_is_named(value) and find_spec("pyarrow")):
        return None
    try:
        if _is_pandas(value):
            return _read(lambda pa: pa.Schema.from_pandas(_frame(value)), value)
        return _arrow_table(value).schema
    except FormatError:
        return None


def _arrow_table(value: Any) -> Any:
    if not _is_named(value):
        raise FormatError(f"a {type(value).__name__} is no table with named columns")
    if _is_pandas(value):
        return _read(lambda pa: pa.Table.from_pandas(_frame(value), nthreads=1), value)
    if _has(value, "__arrow_c_stream__"):
        return _read(lambda pa: pa.table(value), value)
    columns = {str(name): [row.get(name) for row in value] for name in _names(value)}
    if len(columns) < len(_names(value)):
        raise FormatError("several columns have the same name as text")
    return _read(lambda pa: pa.table(columns), value)


def _read(read: Callable[[Any], Any], value: Any) -> Any:
    """Do something with pyarrow; what it refuses is a FormatError."""
    try:
        import pyarrow as pa
    except ImportError:
        text = "this format needs pyarrow, which is not installed: pip install 'nbnodes[arrow]'"
        raise FormatError(text) from None
    try:
        return read(pa)
    except (pa.ArrowException, ArithmeticError, RecursionError, TypeError, ValueError) as error:
        kind, (said, *_) = type(value).__name__, str(error).splitlines() or [""]
        raise FormatError(f"a {kind} that Arrow does not take: {said}") from None


def _parquet(table: Any, value: Any) -> bytes:
    from pyarrow import parquet as files

    file = io.BytesIO()
    _read(lambda _: files.write_table(table, file), value)
    return file.getvalue()


def _is_pandas(value: Any) -> bool:
    """Tell whether a value is pandas' DataFrame or Series."""
    return library_of(value) == "pandas" and (is_frame(value) or is_series(value))


def _frame(value: Any) -> Any:
    """Return a table whose columns are named by text, as Arrow's are."""
    frame = value.to_frame() if is_series(value) else value
    if all(isinstance(name, str) for name in frame.columns):
        return frame
    return frame.set_axis([str(name) for name in frame.columns], axis="columns")


def _is_named(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(row, Mapping) for row in value)
    return _is_pandas(value) or _has(value, "__arrow_c_stream__")


def _has(value: Any, method: str) -> bool:
    return not isinstance(value, type) and hasattr(value, method)


def _has_rows(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return bool(value)
    if not (_has(value, "tolist") and hasattr(value, "__len__")):
        return False
    return getattr(value, "ndim", 1) != 0 and len(value) > 0


def _is_small(value: Any, limit: int | None) -> bool:
    return limit is None or max(len(value), getattr(value, "size", 0)) <= limit


def _no_table(value: Any) -> FormatError:
    return FormatError(f"a {type(value).__name__} is no table")


def _names(rows: Iterable[Mapping[Any, Any]]) -> list[Any]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _csv_text(rows: list[Any]) -> str:
    import csv

    file = io.StringIO()
    try:
        csv.writer(file, lineterminator="\n").writerows(rows)
    except Exception:  # noqa: BLE001  # a cell's own text fails: the notebook's code, or its length
        file = io.StringIO()
        texts = ([_cell_text(cell) for cell in row] for row in rows)
        csv.writer(file, lineterminator="\n").writerows(texts)
    return file.getvalue()


def _cell_text(cell: Any) -> Any:
    if isinstance(cell, int) and not isinstance(cell, bool):
        return int_text(cell)
    if isinstance(cell, _CELL_TYPES):
        return cell
    try:
        return str(cell)
    except Exception:  # noqa: BLE001  # as above
        return plain_text(cell)
