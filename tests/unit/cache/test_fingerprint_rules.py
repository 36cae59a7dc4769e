"""Where opinions differ a fingerprint has a rule: what counts as equal, and what has no name."""

from __future__ import annotations

import datetime as dt
import math
import sys
from collections import OrderedDict, deque
from dataclasses import dataclass
from enum import Flag, IntFlag
from fractions import Fraction
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from corpus import Named, Point

from nbnodes.cache.fingerprint import encode, fingerprint
from nbnodes.errors import FingerprintError

NAN = float("nan")
OTHER_NAN = math.copysign(NAN, -1.0)
SQUARE = np.arange(12.0).reshape(3, 4)
TEXT_FRAME = pd.DataFrame({"a": ["x", None], "b": [1.0, NAN]}, index=["p", "q"])
TABLE = pa.table({"a": [1, 2, 3], "b": ["x", "yy", None]})
SWAPPED = np.zeros(2, [("a", "i4"), ("b", "f8")])[["b", "a"]]
PADDED = np.zeros(1, np.dtype([("a", "i1"), ("b", "i4")], align=True))
DIRTY = PADDED.copy()
DIRTY.view("u1")[1] = 7


EQUAL: dict[str, tuple[Any, Any]] = {
    "nan": (NAN, OTHER_NAN),
    "nan_inside": ({"a": [NAN]}, {"a": [OTHER_NAN]}),
    "zero": (0.0, -0.0),
    "complex_zero": (complex(0.0, 0.0), complex(-0.0, -0.0)),
    "complex_nan": (complex(NAN, 1), complex(OTHER_NAN, 1)),
    "dict": ({"a": 1, 2: "b"}, {2: "b", "a": 1}),
    "dict_inside": ([{"a": {1: 2, 3: 4}}], [{"a": {3: 4, 1: 2}}]),
    "set": ({1, 9, 17, "a"}, {"a", 17, 9, 1}),
    "fraction": (Fraction(1, 2), Fraction(2, 4)),
    "range": (range(5)[1:3], range(1, 3)),
    "paths": (Path("a/b"), PurePosixPath("a//b")),
    "paths_of_systems": (PurePosixPath("a"), PureWindowsPath("a")),
    "own_nan": (Named(NAN), Named(OTHER_NAN)),
    "dataclass": (Point({"a": 1, "b": 2}), Point({"b": 2, "a": 1}, 2)),
    "numpy_nan": (np.float64(NAN), np.float64(OTHER_NAN)),
    "numpy_zero": (np.float32(0.0), np.float32(-0.0)),
    "array_nan": (np.array([NAN, 1.0]), np.array([OTHER_NAN, 1])),
    "array_nan_payload": (np.array([NAN], "f4"), np.array([0x7FC00001], "u4").view("f4")),
    "array_zero": (np.array([0.0]), np.array([-0.0])),
    "scalar_array_zero": (np.array(0.0), np.array(-0.0)),
    "scalar_array_nan": (np.array(NAN), np.array(OTHER_NAN)),
    "complex_array_zero": (np.array([complex(0.0, 1)]), np.array([complex(-0.0, 1)])),
    "fortran": (SQUARE, np.asfortranarray(SQUARE)),
    "transposed_copy": (SQUARE.T, SQUARE.T.copy()),
    "every_other": (SQUARE[::2, ::-1], SQUARE[::2, ::-1].copy()),
    "broadcast": (np.broadcast_to(1.0, (2, 3)), np.ones((2, 3))),
    **{
        f"big_endian_{kind}": (np.array([1, 2]).astype(f">{kind}"), np.array([1, 2], f"<{kind}"))
        for kind in ("i4", "u2", "f8", "f4", "c16", "U2", "M8[s]", "m8[D]")
    },
    "big_endian_nan": (np.array([NAN, 0.0], ">f8"), np.array([OTHER_NAN, -0.0], "<f8")),
    "big_endian_records": (np.ones(2, [("a", ">i4")]), np.ones(2, [("a", "<i4")])),
    "object_order": (
        np.array([["a", 1], ["b", 2]], object),
        np.asfortranarray(np.array([["a", 1], ["b", 2]], object)),
    ),
    "categories": (pd.Categorical(["a", "b"]), pd.Categorical.from_codes([0, 1], ["a", "b"])),
    "levels": (
        pd.MultiIndex.from_tuples([(1, "a"), (2, "b")])[:1],
        pd.MultiIndex.from_arrays([[1], ["a"]]),
    ),
    "frame": (TEXT_FRAME, TEXT_FRAME.iloc[::-1].iloc[::-1]),
    "frame_blocks": (
        TEXT_FRAME[["b"]],
        pd.DataFrame({"b": np.array([1.0, NAN])}, index=["p", "q"]),
    ),
    "series_zero": (pd.Series([0.0, NAN]), pd.Series([-0.0, OTHER_NAN])),
    "table_chunks": (pa.concat_tables([TABLE.slice(0, 1), TABLE.slice(1)]), TABLE),
    "table_part": (TABLE.select(["a"]).slice(1), pa.table({"a": [2, 3]})),
    "records_nan": (
        np.array([(NAN, 0.0)], "f8,f8"),
        np.array([(OTHER_NAN, -0.0)], "f8,f8"),
    ),
    "padding": (PADDED, DIRTY),
    "big_endian_record": (
        np.ones(1, ">i4,i4")[0],
        np.ones(1, "<i4,i4")[0],
    ),
    "long_zero": (np.longdouble(0.0), np.longdouble(-0.0)),
    "same_dtype": (np.longlong(1), np.int64(1)),
    "table_slice": (
        pa.table({"a": ["x", "y", "z"]}).slice(1, 1),
        pa.table({"a": ["y"]}),
    ),
    "table_nan": (
        pa.table({"a": [NAN, 0.0]}),
        pa.table({"a": [OTHER_NAN, -0.0]}),
    ),
}


@pytest.mark.parametrize(("one", "other"), EQUAL.values(), ids=EQUAL)
def test_equal_values_have_one_encoding(one: Any, other: Any) -> None:
    assert encode(one) == encode(other)
    assert encode([one]) == encode([other])


def test_what_hides_under_a_missing_value_does_not_count() -> None:
    hidden = pd.array([1, 5], "Int64")
    hidden[1] = pd.NA
    assert encode(hidden) == encode(pd.array([1, None], "Int64"))


class Permission(Flag):
    READ = 1
    WRITE = 2


class Mode(IntFlag):
    FAST = 1


def test_every_combination_of_flags_has_an_encoding() -> None:
    flags = [Permission(0), Permission.READ, Permission(3), Mode(0), Mode(1), Mode(8), Mode(16)]
    assert len({encode(flag) for flag in flags}) == len(flags)


def test_records_may_have_their_fields_in_any_order() -> None:
    assert encode(SWAPPED) != encode(SWAPPED[::-1][:1])


# ---------------------------------------------------------------- refused


class Plain:
    """A class that says nothing about its objects."""


class Text(str):
    """A subclass may mean more than its text."""

    __slots__ = ()


class Zone(dt.tzinfo):
    """A zone that nothing names but its address."""


@dataclass
class Holder:
    part: Any


LOOP: list[Any] = []
LOOP.append({"again": LOOP})
DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]

REFUSED: dict[str, Any] = {
    "lambda": lambda: 1,
    "function": fingerprint,
    "builtin": len,
    "module": sys,
    "generator": (i for i in "ab"),
    "object": object(),
    "class": Plain,
    "class_with_a_name": Named,
    "instance": Plain(),
    "subclass_of_str": Text("a"),
    "subclass_of_array": np.ma.array([1]),
    "queue": deque([1]),
    "view": memoryview(b"a"),
    "array_type": np.int32,
    "arrow_array": pa.array([1]),
    "grouped": pd.DataFrame({"a": [1]}).groupby("a"),
}


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
def test_what_has_no_canonical_form_is_refused_and_told_how_to_get_one(value: Any) -> None:
    with pytest.raises(FingerprintError, match=r"^p: a .* has no cache key.*`__nb_hash__`") as told:
        fingerprint(value, where="p")
    kind = type(value)
    assert f"{kind.__module__}.{kind.__qualname__}" in str(told.value)


def test_an_open_file_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file, pytest.raises(FingerprintError, match=r"^p: a _io"):
        fingerprint(file, where="p")


def test_a_moment_in_a_zone_without_a_name_is_refused() -> None:
    with pytest.raises(FingerprintError):
        fingerprint(dt.datetime(2020, 1, 1, tzinfo=Zone()))


PLACES: dict[str, tuple[Any, str]] = {
    "list": ([1, Plain()], "p[1]"),
    "tuple": ((1, [2, Plain()]), "p[1][1]"),
    "dict": ({"a": [0, 1, Plain()]}, "p['a'][2]"),
    "key": ({(1, Text("a")): 1}, "p key (1, 'a')[1]"),
    "set": ({Text("a")}, "p{…}"),
    "field": (Holder([Plain()]), "p['part'][0]"),
    "own": (Named({"a": Plain()}), "p.__nb_hash__()['a']"),
    "ordered": ([OrderedDict(a=Plain())], "p[0]"),
    "objects": ({"a": np.array([Plain()], object)}, "p['a']"),
    "frame": ([pd.DataFrame({"a": [Plain()]})], "p[0]"),
}


@pytest.mark.parametrize(("value", "place"), PLACES.values(), ids=PLACES)
def test_a_refusal_names_the_part(value: Any, place: str) -> None:
    with pytest.raises(FingerprintError) as told:
        encode(value, where="p")
    assert str(told.value).startswith(place)


@pytest.mark.parametrize("value", [LOOP, {"a": LOOP}, DEEP, Holder(LOOP)])
def test_what_contains_itself_or_is_very_deep_is_refused(value: Any) -> None:
    with pytest.raises(FingerprintError, match=r"^p: it contains itself, or is nested too deeply$"):
        encode(value, where="p")
