"""A Success becomes bytes and comes back the same: its value by type, its outputs as nbformat JSON.

    "NBR1" | length of header (4) | header: JSON | the value, by the codec that the header names

Plain data goes as JSON, arrays as npy, tables as Arrow where pyarrow is installed. Anything else is
pickled, and a pickle is only ever loaded after its signature, which covers the key and the header,
was found ours.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from nbnodes.cache.signing import Signer
from nbnodes.errors import CacheError
from nbnodes.result import CacheKey, CellRun, Success

_MAGIC = b"NBR1"
_UNCHANGING = (bool, bytes, float, int, str, type(None))  # values that all may share
_LONGEST_INT = 10**4000  # Python refuses to write longer ones in decimal
_SIGNATURE_BYTES = 32
_CELL_NAMES = tuple(one.name for one in fields(CellRun))


class Codec:
    """Encodes and decodes Results. Safe from several threads."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def encode(self, key: CacheKey, result: Success) -> bytes:
        """Write a Result.

        Raises:
            CacheError: If its value cannot be written in a form that gives the same value back.
        """
        name, body = _encode_value(result.value)
        header = {
            "codec": name,
            "name": result.name,
            "engine": result.engine,
            "duration_s": result.duration_s,
            "cells": list(map(_written, result.cells)),
            "executed": result.executed,
        }
        try:
            text = json.dumps(header, ensure_ascii=False).encode()
        except (TypeError, ValueError) as error:
            raise CacheError(f"an output of {result.name} cannot be stored: {error}") from error
        if name == "pickle":
            body = self._signer.sign(key.encode(), text, body) + body
        return _MAGIC + len(text).to_bytes(4, "big") + text + body

    def decode(self, key: CacheKey, payload: bytes) -> Success | None:
        """Read a Result; None if the bytes cannot be what `encode` wrote for this key, here.

        A pickle proves itself. That other bytes are whole is for the store to prove.
        """
        try:
            text, body = _split(payload)
            header = json.loads(text)
            if header["codec"] == "pickle":
                body = self._verified(key, text, body)
            value = _DECODERS[header["codec"]](body)
            return Success(
                name=header["name"],
                engine=header["engine"],
                duration_s=header["duration_s"],
                cells=tuple(_cell(cell) for cell in header["cells"]),
                executed=header["executed"],
                key=key,
                cached=True,
                value=value,
            )
        except Exception:  # noqa: BLE001  # whatever an old, foreign or damaged entry does is a miss
            return None

    def _verified(self, key: CacheKey, text: bytes, body: bytes) -> bytes:
        signature, body = body[:_SIGNATURE_BYTES], body[_SIGNATURE_BYTES:]
        if not self._signer.verify(signature, key.encode(), text, body):
            raise CacheError("this entry was not written here")
        return body


def can_be_new(result: Success) -> bool:
    """Whether `as_new` can make another of a Result that was decoded."""
    return type(result.value) in _UNCHANGING and result.executed is None


def as_new(result: Success) -> Success:
    """Return a decoded Result as if decoded once more: what a caller changes is its own."""
    if not any(cell.outputs for cell in result.cells):
        return result
    cells = tuple(
        replace(cell, outputs=tuple(map(_copied, cell.outputs))) if cell.outputs else cell
        for cell in result.cells
    )
    return replace(result, cells=cells)


def _copied(written: Any) -> Any:
    """Copy what was read from JSON."""
    if isinstance(written, dict):
        return {name: _copied(part) for name, part in written.items()}
    return [_copied(part) for part in written] if isinstance(written, list) else written


def _encode_value(value: Any) -> tuple[str, bytes]:
    if _is_plain(value):
        return "json", json.dumps(value, ensure_ascii=False, check_circular=False).encode()
    if isinstance(value, bytes) and type(value) is bytes:
        return "bytes", value
    library = str(type(value).__module__).partition(".")[0]
    array = _to_npy(value) if library == "numpy" else None
    if array is not None:
        return "npy", array
    table = _to_arrow(value) if library == "pandas" else None
    if table is not None:
        return "arrow", table
    return "pickle", _to_pickle(value)


def _split(payload: bytes) -> tuple[bytes, bytes]:
    if payload[:4] != _MAGIC:
        raise ValueError("not a Result")
    end = 8 + int.from_bytes(payload[4:8], "big")
    return payload[8:end], payload[end:]


def _written(cell: CellRun) -> dict[str, Any]:
    return {name: getattr(cell, name) for name in _CELL_NAMES}  # `asdict` would copy all outputs


def _cell(written: dict[str, Any]) -> CellRun:
    return CellRun(**(written | {"outputs": tuple(written["outputs"])}))


def _is_plain(value: Any) -> bool:
    """Whether JSON gives back the very same value, types included."""
    check = _PLAIN.get(type(value))
    try:
        return check is not None and check(value)
    except RecursionError:
        return False


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


_PLAIN: dict[type, Callable[[Any], bool]] = {
    type(None): lambda _: True,
    bool: lambda _: True,
    int: lambda v: -_LONGEST_INT < v < _LONGEST_INT,
    float: lambda v: not math.isnan(v) or math.copysign(1, v) > 0,
    str: lambda v: v.isascii() or _is_utf8(v),
    list: lambda v: all(map(_is_plain, v)),
    dict: lambda v: (
        all(type(name) is str and _is_plain(name) for name in v) and all(map(_is_plain, v.values()))
    ),
}


def _to_npy(value: Any) -> bytes | None:
    """Write an array as npy; None where npy would change it."""
    import numpy as np

    if type(value) is not np.ndarray or value.dtype.hasobject or value.dtype.metadata:
        return None
    if value.dtype.names and not "".join(value.dtype.names).isascii():
        return None  # numpy warns that other readers may not take such names
    file = io.BytesIO()
    np.save(file, value, allow_pickle=False)
    return file.getvalue()


def _from_npy(body: bytes) -> Any:
    import numpy as np

    # numpy's own limit guards its header's parser against files that are not ours
    return np.load(io.BytesIO(body), allow_pickle=False, max_header_size=len(body))


def _to_arrow(value: Any) -> bytes | None:
    """Write a table as Arrow; None where Arrow is not there or would change it."""
    import pandas as pd

    if type(value) is not pd.DataFrame or "object" in value.dtypes.astype(str).tolist():
        return None  # an object column may hold None and NaN, which Arrow does not tell apart
    try:
        import pyarrow as pa

        table = pa.Table.from_pandas(value)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        body: bytes = sink.getvalue().to_pybytes()
        return body if _is_same_table(value, _from_arrow(body)) else None
    except Exception:  # noqa: BLE001  # Arrow refuses in many ways; pickle takes what it refuses
        return None


def _is_same_table(one: Any, other: Any) -> bool:
    import pandas as pd

    try:
        pd.testing.assert_frame_equal(
            one, other, check_exact=True, check_freq=True, check_flags=True
        )
    except AssertionError:
        return False
    same_axes = all(type(a) is type(b) for a, b in zip(one.axes, other.axes, strict=True))
    return bool(one.attrs == other.attrs and same_axes)


def _from_arrow(body: bytes) -> Any:
    import pyarrow as pa

    return (
        pa.ipc.open_file(pa.BufferReader(body)).read_all().to_pandas().copy()
    )  # else some columns are read-only


def _to_pickle(value: Any) -> bytes:
    """Pickle, and look whether the pickle gives the value back: some types only seem to."""
    import cloudpickle

    kind = type(value)
    name = f"{kind.__module__}.{kind.__qualname__}"
    try:
        body = bytes(cloudpickle.dumps(value, protocol=5))
        back = type(_from_pickle(body))
    except Exception as error:
        # a class may fail to pickle in any way it likes
        reason = f"{type(error).__name__}: {error}"
        raise CacheError(f"a {name} cannot be stored ({reason})") from error
    if back.__qualname__ != kind.__qualname__:
        raise CacheError(f"a {name} cannot be stored (it would come back as a {back.__name__})")
    return body


def _from_pickle(body: bytes) -> Any:
    import pickle

    return pickle.loads(body)  # noqa: S301  # just made, or its signature was verified


_DECODERS: dict[str, Callable[[bytes], Any]] = {
    "json": json.loads,
    "bytes": bytes,
    "npy": _from_npy,
    "arrow": _from_arrow,
    "pickle": _from_pickle,
}
