"""A Success becomes bytes and comes back the same, types included; what is not ours is a miss."""

from __future__ import annotations

import contextlib
import json
import math
import os
import socket
import struct
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from nbnodes.cache.codec import Codec
from nbnodes.cache.signing import Signer
from nbnodes.errors import CacheError
from nbnodes.result import CacheKey, CellRun, Success

KEY, OTHER = CacheKey("a" * 64), CacheKey("b" * 64)
NAN = float("nan")
HERE = "Europe/Berlin"


@dataclass
class Point:
    x: int
    y: Any = None


class Refusal(Exception):  # noqa: N818
    """Pickles, and then cannot be unpickled: its base forgets that it takes two arguments."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} {other}")


def frame(change: Callable[[pd.DataFrame], Any]) -> pd.DataFrame:
    made = pd.DataFrame({"a": [1, 2], "b": [0.5, NAN]})
    return made if (changed := change(made)) is None else changed


RECORD = [("x", "<i4"), ("y", "U3", (2,))]
VALUES: dict[str, dict[str, Any]] = {
    "json": {
        "none": None, "true": True, "zero": 0, "one": 1.0, "long": -(10**3999), "minus_zero": -0.0,
        "nan": NAN, "infinities": [math.inf, -math.inf], "tiny": 5e-324, "text": "é\0\u2028🐍",
        "nested": {"b": [1, True, None, {"": []}], "a": {}}, "empty": "",
    },
    "bytes": {"bytes": b"\0\xff", "no_bytes": b""},
    "npy": {
        **{kind: np.arange(6).reshape(2, 3).astype(kind) for kind in
           ("?", "i1", ">i4", "u8", "f2", ">f8", "c16", "M8[D]", "m8[ns]", "S3", "U5")},
        "scalar_shape": np.array(1.5), "no_rows": np.zeros((0, 3)),
        "fortran": np.asfortranarray(np.eye(3)[:2]), "record": np.zeros(2, RECORD),
        "floats": np.array([NAN, -0.0, math.inf]), "surrogate": np.array(["\ud800"]),
        "many_fields": np.zeros(1, [(f"field_{i}", "i4") for i in range(800)]),
    },
    "arrow": {
        "frame": frame(lambda _: None), "no_rows_frame": frame(lambda f: f.iloc[:0]),
        "zone": frame(lambda f: f.assign(t=pd.to_datetime(["2020", None]).tz_localize(HERE))),
        "category": frame(lambda f: f.assign(c=pd.Categorical(["x", None], ["y", "x"], True))),
        "multi": frame(lambda f: f.set_index("a", append=True)), "nullable": frame(
            lambda f: f.convert_dtypes()), "range": frame(lambda f: f.set_axis(range(3, 7, 2))),
        "attrs": frame(lambda f: f.attrs.update(unit="m")), "text_frame": frame(lambda f: f.assign(
            t=["é", None])), "numbered": frame(lambda f: f.set_axis([3, 7], axis="columns")),
    },
    "pickle": {
        "counted": pd.DataFrame(np.eye(2)), "no_columns": pd.DataFrame(),
        "huge": 10**5000, "odd_nan": struct.unpack("<d", b"\1\0\0\0\0\0\xf8\xff")[0],
        "surrogate_text": "\ud800", "tuple": (1, (2,), [3]), "set": {1, "a"}, "keys": {1: "a"},
        "frozen": frozenset(), "complex": 1j, "bytearray": bytearray(b"x"),
        "date": date(2020, 1, 2), "datetime": datetime(2020, 1, 2, 3, tzinfo=UTC),
        "decimal": Decimal("1.10"), "dataclass": Point(1, [Point(2)]),
        "ordered": OrderedDict(b=1, a=2), "range_": range(3),
        "in_list": [1, (2,)], "numpy_scalar": np.float64(1.5),
        "series": pd.Series([1, NAN], name="s"), "masked": np.ma.array([1], mask=True),
        "objects": np.array([1, "a", None, (1,)], dtype=object),
        "none_and_nan": pd.DataFrame({"a": [None, NAN, 1]}, dtype=object),
        "twice": frame(lambda f: f.set_axis(["a", "a"], axis="columns")),
        "freq": frame(lambda f: f.set_index(pd.date_range("2020", periods=2, freq="D"))),
        "tuple_attrs": frame(lambda f: f.attrs.update(at=(1, 2))), "na": pd.NA, "nat": pd.NaT,
        "index": pd.Index([1, 2]), "no_duplicates": frame(
            lambda f: f.set_flags(allows_duplicate_labels=False)),
        "text_objects": np.array(["a"], dtype=np.dtypes.StringDType()),
    },
}  # fmt: skip
CASES = [
    pytest.param(form, value, id=name)
    for form, named in VALUES.items()
    for name, value in named.items()
]
ALTERED: dict[str, Callable[[], Any]] = {
    "memoryview": lambda: memoryview(b"x"),
    "open_file": partial(open, os.devnull, encoding="utf-8"),
    "exception": lambda: Refusal("a", "b"),
}
UNSTORABLE: dict[str, tuple[Callable[[], Any], str]] = {
    "generator": (lambda: (n for n in ()), "builtins.generator"),
    "lock": (threading.Lock, "_thread.lock"),
    "inside": (lambda: [threading.Lock()], "builtins.list"),
    "recursion": (lambda: nested(10**5), "builtins.list"),
}


def nested(depth: int) -> list[Any]:
    made: list[Any] = []
    for _ in range(depth):
        made = [made]
    return made


def same(one: Any, other: Any) -> bool:
    """Whether they are equal, types, NaN and the sign of zero included."""
    if one is other or type(one) is not type(other):
        return one is other
    match one:
        case float():
            return struct.pack("<d", one) == struct.pack("<d", other)
        case list() | tuple():
            return len(one) == len(other) and all(map(same, one, other))
        case dict():
            return same(list(one.items()), list(other.items()))
        case pd.DataFrame() | pd.Series() | pd.Index() | np.ndarray():
            return same(taken_apart(one), taken_apart(other))
    return bool(one == other)


def taken_apart(table: Any) -> list[Any]:
    match table:
        case pd.DataFrame():
            columns = [table.iloc[:, i] for i in range(table.shape[1])]
            flags = table.flags.allows_duplicate_labels
            return [table.index, table.columns, columns, table.attrs, flags]
        case pd.Series():
            return [table.index, table.name, table.dtype, table.tolist(), table.attrs]
        case pd.Index():
            return [[*table.names], table.tolist(), table.dtype, getattr(table, "freq", None)]
    mask = np.ma.getmaskarray(table).tolist()
    content = table.tolist() if table.dtype.kind in "OT" else table.tobytes()
    return [table.dtype.str, table.dtype, table.shape, table.flags.fnc, mask, content]


@pytest.fixture
def codec(tmp_path: Path) -> Codec:
    return Codec(Signer(str(tmp_path / "key")))


def success(value: Any) -> Success:
    return Success(name="n", engine="e", value=value)


def header_end(payload: bytes) -> int:
    return 8 + int.from_bytes(payload[4:8], "big")


def header(payload: bytes) -> dict[str, Any]:
    return dict(json.loads(payload[8 : header_end(payload)]))


@pytest.mark.parametrize(("form", "value"), CASES)
def test_a_value_comes_back_the_same_in_the_form_for_its_type(
    codec: Codec, form: str, value: Any
) -> None:
    payload = codec.encode(KEY, success(value))
    assert header(payload)["codec"] == form
    decoded = codec.decode(KEY, payload)
    assert decoded
    assert same(decoded.value, value)
    assert (decoded.key, decoded.cached) == (KEY, True)


def test_functions_classes_and_figures_come_back_at_work(codec: Codec) -> None:
    figure = Figure()
    figure.subplots().plot([1, 4, 9])
    factor = 3
    local = type("Local", (), {"x": 7})
    decoded = codec.decode(KEY, codec.encode(KEY, success((lambda n: factor * n, local(), figure))))
    assert decoded
    triple, instance, drawn = decoded.value
    assert (triple(2), instance.x, type(instance).__name__) == (6, 7, "Local")
    assert drawn.axes[0].lines[0].get_ydata().tolist() == [1, 4, 9]


def test_everything_else_about_a_run_comes_back_too(codec: Codec) -> None:
    outputs = ({"output_type": "stream", "name": "stdout", "text": "é\n"}, {"data": {"a/b": [1]}})
    cells = (CellRun(ordinal=0), CellRun(ordinal=2, outputs=outputs, duration_s=0.25))
    run = replace(success(1), name="ü", cells=cells, duration_s=1.5, executed={"cells": []})
    assert codec.decode(KEY, codec.encode(KEY, run)) == replace(run, key=KEY, cached=True)


@pytest.mark.parametrize(("make", "name"), UNSTORABLE.values(), ids=UNSTORABLE)
def test_what_cannot_be_stored_is_named(codec: Codec, make: Callable[[], Any], name: str) -> None:
    with pytest.raises(CacheError, match=f"a {name} cannot be stored"):
        codec.encode(KEY, success(make()))


def test_an_open_socket_cannot_be_stored(codec: Codec) -> None:
    with socket.socket() as opened, pytest.raises(CacheError, match=r"a socket\.socket cannot"):
        codec.encode(KEY, success(opened))


@pytest.mark.parametrize("make", ALTERED.values(), ids=ALTERED)
def test_what_would_come_back_as_something_else_cannot_be_stored(
    codec: Codec, make: Callable[[], Any]
) -> None:
    run = success(make())
    with pytest.raises(CacheError):
        codec.encode(KEY, run)


AWKWARD: dict[str, Callable[[], Any]] = {
    "no_module": type("Homeless", (), {"__module__": None}),
    "field_names": lambda: np.zeros(1, [("名", "i4")]),
    "dtype_metadata": lambda: np.zeros(1, np.dtype("i4", metadata={"unit": "m"})),
}


@pytest.mark.parametrize("make", AWKWARD.values(), ids=AWKWARD)
def test_what_can_be_stored_is_so_without_ado_or_refused(
    codec: Codec, make: Callable[[], Any]
) -> None:
    with contextlib.suppress(CacheError):
        codec.encode(KEY, success(make()))


def test_an_output_that_is_no_json_cannot_be_stored(codec: Codec) -> None:
    cell = CellRun(ordinal=0, outputs=({"data": {"a/b": object()}},))
    with pytest.raises(CacheError, match="an output of n cannot be stored"):
        codec.encode(KEY, replace(success(1), cells=(cell,)))
