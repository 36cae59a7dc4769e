"""What is a change and what is none: by digest, within a tolerance, or as a function says."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from matplotlib.figure import Figure

from nbnodes.cache.equality import Comparers, Shown, Tolerance, equal
from nbnodes.cache.fingerprint import fingerprint
from nbnodes.errors import FingerprintError, NbnodesWarning, UsageError

NAN = float("nan")
INF = float("inf")
SOME = Tolerance(rtol=1e-3, atol=1e-6)
STAMPS = pd.to_datetime(["2000-01-01", "2000-01-02"])


@dataclass(frozen=True)
class Point:
    x: Any
    y: Any = 2.0


class Weights:
    """A class of somebody's own, with nothing that names its objects."""

    def __init__(self, numbers: Any, label: str = "") -> None:
        self.numbers = numbers
        self.label = label


class Finer(Weights):
    """One derived from it."""


class Refusing:
    """Whatever is asked of it, it raises."""

    def __eq__(self, other: object) -> bool:
        raise ZeroDivisionError

    def __hash__(self) -> int:
        raise ZeroDivisionError

    def __nb_hash__(self) -> Any:
        raise ZeroDivisionError


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame(columns)


def figure(*numbers: float, color: str = "blue", title: str = "") -> Figure:
    made = Figure(figsize=(2, 1), dpi=50)
    axes = made.subplots()
    axes.plot(numbers, color=color)
    axes.scatter(range(len(numbers)), numbers)
    axes.set_title(title)
    axes.set_ylim(0, 5)
    return made


# ---------------------------------------------------------------- by digest


SAME: dict[str, Callable[[], Any]] = {
    "nan": lambda: NAN,
    "frame": lambda: frame(a=[1.0, NAN], b=["x", None]),
    "array_of_arrays": lambda: [np.array([1, 2]), {"a": np.array([NAN])}],
    "recorded": lambda: {"t": pd.Timestamp("2000", tz="Europe/Berlin"), "d": Decimal("1.10")},
    "figure": lambda: figure(1, 2, 3),
    "figures_within": lambda: {"plots": [figure(1), (figure(2), Point(figure(3)))]},
    "figures_as_keys": lambda: OrderedDict(a={1: figure(1)}),
}


@pytest.mark.parametrize("make", SAME.values(), ids=SAME)
def test_what_is_made_alike_is_no_change(make: Callable[[], Any]) -> None:
    assert equal(make(), make())
    assert equal(make(), make(), SOME)
    assert Comparers().digest(make()) == Comparers().digest(make())


OTHERS: dict[str, tuple[Any, Any]] = {
    "type": (1, 1.0),
    "order": ([1, 2], [2, 1]),
    "label": (frame(a=[1]), frame(b=[1])),
    "dtype": (frame(a=[1]), frame(a=[1.0])),
    "shape": (np.zeros((2, 3)), np.zeros((3, 2))),
    "length": ([1.0], [1.0, 1.0]),
    "figure_color": (figure(1, 2), figure(1, 2, color="red")),
    "figure_title": (figure(1, 2), figure(1, 2, title="t")),
    "less_than_a_pixel": (figure(1.0, 2.0), figure(1.0, 2.0 + 1e-9)),
    "beyond_the_axes": (figure(1, 80), figure(1, 90)),
}


@pytest.mark.parametrize(("old", "new"), OTHERS.values(), ids=OTHERS)
def test_what_differs_is_a_change(old: Any, new: Any) -> None:
    assert not equal(old, new)
    assert not equal(old, new, Tolerance(rtol=0))


def test_a_digest_is_the_fingerprint_wherever_there_is_one() -> None:
    for value in (1, [NAN], frame(a=[1]), {"x": (1, {2})}, Point(1)):
        registering = Comparers().register_digest(Weights, lambda w: w.numbers)
        assert Comparers().digest(value) == registering.digest(value) == fingerprint(value)


def test_a_figure_that_was_drawn_or_pickled_is_the_same_figure() -> None:
    made = figure(1, 2, 3)
    digest = Comparers().digest(made)
    made.canvas.draw()
    assert Comparers().digest(made) == digest
    assert Comparers().digest(pickle.loads(pickle.dumps(made))) == digest


def test_a_figure_stays_as_it_was() -> None:
    made = figure(1, 2, 3)
    before = (made.canvas, made.dpi, tuple(made.get_size_inches()), made.axes[0].get_ylim())
    Comparers().digest(made)
    assert before == (
        made.canvas,
        made.dpi,
        tuple(made.get_size_inches()),
        made.axes[0].get_ylim(),
    )


# ---------------------------------------------------------------- a tolerance


def near(value: float) -> float:
    return value * (1 + 4e-4)


NEAR: dict[str, tuple[Any, Any]] = {
    "float": (1.0, near(1.0)),
    "small": (0.0, 9e-7),
    "complex": (1 + 2j, near(1) + 2j),
    "decimal": (Decimal("1.000"), Decimal("1.0004")),
    "duration": (dt.timedelta(seconds=1000), dt.timedelta(seconds=1000.5)),
    "pandas_duration": (pd.Timedelta("1h"), pd.Timedelta("1h 1s")),
    "list": ([1.0, [2.0, NAN]], [near(1.0), [near(2.0), NAN]]),
    "dict": ({"a": 1.0, NAN: INF}, {NAN: INF, "a": near(1.0)}),
    "dataclass": (Point(1.0), Point(near(1.0))),
    "array": (np.array([1.0, NAN, INF]), np.array([near(1.0), NAN, INF])),
    "scalar": (np.float32(1), np.float32(near(1))),
    "halves": (np.array([1, 2], np.float16), np.array([1, 2.001], np.float16)),
    "complex_array": (np.array([1 + 1j]), np.array([near(1) + 1j])),
    "fields": (np.array([(1, 1.0)], "i4,f8"), np.array([(1, near(1.0))], "i4,f8")),
    "objects": (np.array([1.0, "x"], object), np.array([near(1.0), "x"], object)),
    "durations": (np.array([10**6], "m8[ms]"), np.array([10**6 + 500], "m8[ms]")),
    "frame": (
        frame(a=[1.0, NAN], b=["x", "y"], c=[1, 2], t=STAMPS),
        frame(a=[near(1.0), NAN], b=["x", "y"], c=[1, 2], t=STAMPS),
    ),
    "duration_column": (
        frame(a=np.array([10**6, "NaT"], "m8[ms]")),
        frame(a=np.array([10**6 + 500, "NaT"], "m8[ms]")),
    ),
    "with_missing": (
        pd.Series([1.0, None], dtype="Float64"),
        pd.Series([near(1.0), None], dtype="Float64"),
    ),
    "mixed_column": (
        frame(a=pd.Series([1.0, "x", None], dtype=object)),
        frame(a=pd.Series([near(1.0), "x", None], dtype=object)),
    ),
    "index": (pd.Index([1.0, 2.0]), pd.Index([near(1.0), 2.0])),
    "arrow": (pa.table({"a": [1.0, None]}), pa.table({"a": [near(1.0), None]})),
    "arrow_column": (
        pd.Series([1.0, None], dtype="double[pyarrow]"),
        pd.Series([near(1.0), None], dtype="double[pyarrow]"),
    ),
}


@pytest.mark.parametrize(("old", "new"), NEAR.values(), ids=NEAR)
def test_numbers_that_differ_by_little_are_no_change(old: Any, new: Any) -> None:
    assert equal(old, new, SOME)
    assert equal(new, old, SOME)
    assert SOME(old, new)


@pytest.mark.parametrize("name", NEAR)
def test_by_more_than_allowed_they_are(name: str) -> None:
    old, new = NEAR[name]
    assert not equal(old, new, Tolerance(rtol=1e-7, atol=1e-9))
    assert not equal(old, new)


FAR: dict[str, tuple[Any, Any]] = {
    "int": (10**9, 10**9 + 1),
    "ints": (np.array([10**9]), np.array([10**9 + 1])),
    "bool": (True, False),
    "text": ("1.0000", "1.0001"),
    "time": (STAMPS[0], STAMPS[0] + pd.Timedelta("1us")),
    "times": (STAMPS, STAMPS + pd.Timedelta("1us")),
    "infinite": (INF, 1e308),
    "opposite": (1e308, -1e308),
    "infinite_array": (np.array([INF]), np.array([1e308])),
    "opposite_infinite": (np.array([INF]), np.array([-INF])),
    "nan": (NAN, 0.0),
    "nan_array": (np.array([NAN]), np.array([0.0])),
    "decimal_nan": (Decimal("NaN"), Decimal(0)),
    "signalling": (Decimal("sNaN"), Decimal("NaN")),
    "type": (1.0, np.float64(1.0)),
    "width": (np.float32([1]), np.float64([1])),
    "shape": (np.ones((1, 2)), np.ones((2, 1))),
    "missing": (pd.Series([1.0, None], dtype="Float64"), pd.Series([1.0, 0], dtype="Float64")),
    "labels": (pd.Series([1.0], index=[1.0]), pd.Series([1.0], index=[near(1.0)])),
    "series_name": (pd.Series([1.0], name="a"), pd.Series([1.0], name="b")),
    "column": (frame(a=[1.0]), frame(b=[1.0])),
    "column_order": (frame(a=[1.0], b=[1.0]), frame(b=[1.0], a=[1.0])),
    "categories": (
        frame(a=pd.Categorical([1.0], [1.0, 2.0])),
        frame(a=pd.Categorical([1.0], [1.0])),
    ),
    "set": ({1.0}, {near(1.0)}),
    "key": ({1.0: "x"}, {near(1.0): "x"}),
    "more": ({"a": 1.0}, {"a": 1.0, "b": 1.0}),
    "field_names": (np.array([(1.0,)], [("a", "f8")]), np.array([(1.0,)], [("b", "f8")])),
    "rows": (frame(a=[1.0]), frame(a=[1.0, 1.0])),
    "arrow_null": (pa.table({"a": [1.0, None]}), pa.table({"a": [1.0, 0.0]})),
    "arrow_text": (pa.table({"a": ["1.0"]}), pa.table({"a": ["1.1"]})),
    "levels": (
        pd.MultiIndex.from_tuples([(1.0, 2)]),
        pd.MultiIndex.from_tuples([(near(1.0), 2)]),
    ),
}


@pytest.mark.parametrize(("old", "new"), FAR.values(), ids=FAR)
def test_all_else_must_be_the_same(old: Any, new: Any) -> None:
    assert not equal(old, new, SOME)
    assert not equal(new, old, SOME)
    assert equal(old, copy.deepcopy(old), SOME)


@pytest.mark.parametrize("wrong", [-1.0, NAN, INF, True, "1", None])
def test_a_tolerance_is_a_number_and_every_mistake_is_told(wrong: Any) -> None:
    with pytest.raises(UsageError, match=r"rtol=.*atol="):
        Tolerance(rtol=wrong, atol=wrong)


# ---------------------------------------------------------------- odd values


def containing_itself() -> list[Any]:
    made: list[Any] = []
    made.append(made)
    return made


ODD: dict[str, Callable[[], Any]] = {
    "refusing": Refusing,
    "refusing_within": lambda: [{"a": (Refusing(),)}],
    "recursive": containing_itself,
    "unknown": lambda: Weights(1),
    "function": lambda: lambda: None,
    "generator": lambda: (n for n in ()),
    "refusing_in_a_column": lambda: frame(a=pd.Series([Refusing()], dtype=object)),
}


@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
@pytest.mark.parametrize("eq", [None, SOME])
def test_what_cannot_be_compared_is_a_change_and_never_an_error(
    make: Callable[[], Any], eq: Any
) -> None:
    value = make()
    assert not equal(value, make(), eq)
    assert not equal(value, 1, eq)
    assert not equal(1, value, eq)
    assert Shown.first(value).after(value) is not value


# ---------------------------------------------------------------- a user's functions


def test_a_function_decides() -> None:
    assert equal("A", "a", lambda old, new: old.lower() == new.lower())
    assert not equal(1, 1, lambda *_: False)


@pytest.mark.parametrize("eq", [lambda o, n: o == n, lambda _: True, lambda o, _: o.nothing])
def test_a_function_that_fails_is_told_and_digests_decide(eq: Any) -> None:
    with pytest.warns(NbnodesWarning, match="told by digest"):
        assert equal(np.array([1, 2]), np.array([1, 2]), eq)
    with pytest.warns(NbnodesWarning, match="told by digest"):
        assert not equal(np.array([1, 2]), np.array([1, 3]), eq)


def test_a_registered_digest_names_a_type_and_those_derived_from_it() -> None:
    comparers = Comparers().register_digest(Weights, lambda weights: weights.numbers)
    assert comparers.equal([Weights(1, "a")], [Weights(1, "b")])
    assert not comparers.equal(Weights(1), Weights(2))
    assert not comparers.equal(Weights(1), Finer(1)), "it is named by its own class"
    assert comparers.equal(Point({"w": Weights(1)}), Point({"w": Weights(1)}), SOME)
    with pytest.raises(FingerprintError, match="Weights has no cache key"):
        Comparers().digest(Weights(1))


def test_what_names_an_object_may_itself_be_registered() -> None:
    comparers = Comparers().register_digest(Weights, lambda w: [w.numbers])
    assert comparers.equal(Weights(Weights(figure(1))), Weights(Weights(figure(1))))
    assert not comparers.equal(Weights(Weights(figure(1))), Weights(Weights(figure(2))))


def test_a_registered_digest_goes_before_what_is_known() -> None:
    rounded = Comparers().register_digest(Point, lambda point: round(point.x))
    assert rounded.equal(Point(1.1), Point(0.9))
    assert not Comparers().equal(Point(1.1), Point(0.9))


def test_a_registered_digest_that_fails_says_whose_it_is() -> None:
    comparers = Comparers().register_digest(Weights, lambda weights: weights.nothing)
    with pytest.raises(FingerprintError, match="a Weights has no digest: 'Weights' object has no"):
        comparers.digest([Weights(1)])
    assert not comparers.equal(Weights(1), Weights(1))


def test_a_registered_function_compares_a_type_wherever_it_is() -> None:
    comparers = Comparers().register_equal(Weights, lambda a, b: bool(a.label == b.label))
    assert comparers.equal({"w": [Weights(1, "a")], "n": NAN}, {"w": [Weights(2, "a")], "n": NAN})
    assert not comparers.equal([Weights(1, "a")], [Weights(1, "b")])
    assert not comparers.equal([Weights(1, "a"), 1.0], [Weights(1, "a"), near(1.0)])
    assert comparers.equal([Weights(1, "a"), 1.0], [Weights(1, "a"), near(1.0)], SOME)


def test_registering_leaves_others_alone() -> None:
    before = Comparers()
    before.register_digest(Weights, lambda weights: weights.numbers)
    before.register_equal(Weights, lambda *_: True)
    assert before == Comparers()
    assert not before.equal(Weights(1), Weights(1))


# ---------------------------------------------------------------- the last value shown


def test_a_slow_drift_is_shown_as_soon_as_it_is_more_than_allowed() -> None:
    shown = Shown.first(100.0)
    seen = [shown.value]
    for step in range(1, 301):
        shown = shown.after(100.0 + step * 0.01, eq=Tolerance(rtol=0, atol=0.5))
        seen.append(shown.value)
        assert abs(shown.value - (100.0 + step * 0.01)) <= 0.5 + 1e-9
    assert len(set(seen)) == 6, "a step every 0.51, not one for each value, and not none"


def test_what_is_no_change_keeps_the_digest_that_went_downstream() -> None:
    first = Shown.first([1.0])
    assert first.digest == fingerprint([1.0])
    assert first.after([near(1.0)], eq=SOME) is first
    assert first.after([1.0]) is first
    assert first.after([near(1.0)]) == Shown(value=[near(1.0)], digest=fingerprint([near(1.0)]))


def test_a_value_without_a_digest_is_always_a_change_unless_a_function_says_no() -> None:
    weights = Weights(1)
    first = Shown.first(weights)
    assert first.digest is None
    assert first.after(weights) is not first
    assert first.after(weights, eq=lambda *_: True) is first
    by_label = Comparers().register_equal(Weights, lambda a, b: bool(a.label == b.label))
    assert first.after(Weights(2), comparers=by_label) is first
