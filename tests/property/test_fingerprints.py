"""Two values of plain data have one encoding if and only if they are the same, type by type."""

from __future__ import annotations

import copy
import math
import pickle
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nbnodes.cache.fingerprint import encode

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine

TEXTS = st.text(st.characters(exclude_categories=()), max_size=4)  # lone surrogates too
NUMBERS = st.booleans() | st.integers() | st.floats() | st.complex_numbers()
FEW = st.sampled_from([0, 0.0, -0.0, False, 1, 1.0, True, "", "1", b"", b"1", None, 1 + 0j])
KEYS = FEW | TEXTS | st.integers() | st.binary(max_size=3) | st.dates()
LEAVES = st.one_of(FEW, NUMBERS, TEXTS, KEYS, st.datetimes(), st.timedeltas(), st.times())


def _inside(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    few = st.lists(inner, max_size=3)
    return st.one_of(
        few,
        few.map(tuple),
        st.dictionaries(KEYS | st.tuples(KEYS), inner, max_size=3),
        st.sets(KEYS | st.tuples(KEYS, KEYS), max_size=4),
        st.frozensets(KEYS | st.frozensets(KEYS, max_size=2), max_size=4),
    )


VALUES = st.recursive(LEAVES, _inside, max_leaves=8)
TINY = st.recursive(FEW, lambda inner: st.lists(inner, max_size=2) | st.tuples(inner), max_leaves=4)


def same(one: Any, other: Any) -> bool:
    """Say whether two values are the same: of one type, and equal part by part."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    if isinstance(one, complex):
        return same(one.real, other.real) and same(one.imag, other.imag)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict | set | frozenset):
        return _matched(_parts(one), _parts(other))
    return bool(one == other) and getattr(one, "fold", 0) == getattr(other, "fold", 0)


def _parts(value: Any) -> list[Any]:
    return [*value.items()] if isinstance(value, dict) else [*value]


def _matched(ones: list[Any], others: list[Any]) -> bool:
    """Pair off parts that have no order; sameness is transitive, so any partner will do."""
    left = [*others]
    for part in ones:
        found = next((i for i, candidate in enumerate(left) if same(part, candidate)), None)
        if found is None:
            return False
        del left[found]
    return not left


def reordered(value: Any) -> Any:
    """Build a value anew, with each dict and set filled in the opposite order."""
    if isinstance(value, dict):
        return {reordered(k): reordered(v) for k, v in reversed([*value.items()])}
    if isinstance(value, list | tuple | set | frozenset):
        parts = [reordered(part) for part in value]
        return type(value)(parts[::-1] if isinstance(value, set | frozenset) else parts)
    return value


@settings(PATIENT, max_examples=500)
@given(VALUES)
@example({"a": {1, "1"}, "b": [float("nan")]})
def test_a_value_built_anew_has_the_same_encoding(value: Any) -> None:
    anew = (reordered(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value)))
    assert {encode(value)} == {encode(each) for each in anew}


@settings(PATIENT, max_examples=1000)
@given(VALUES, VALUES)
@example([["a"], "b"], ["a", ["b"]])
@example({0.0: 1}, {-0.0: 1})
@example({True: 1}, {1: 1})
def test_values_are_told_apart_as_the_model_tells_them(one: Any, other: Any) -> None:
    assert (encode(one) == encode(other)) is same(one, other)


@settings(PATIENT, max_examples=60)
@given(st.lists(TINY, max_size=40))
def test_values_much_alike_are_told_apart_as_the_model_tells_them(values: list[Any]) -> None:
    names = [encode(value) for value in values]
    for i, one in enumerate(values):
        for j, other in enumerate(values[:i]):
            assert (names[i] == names[j]) is same(one, other)


@settings(PATIENT, max_examples=300)
@given(VALUES, st.data())
def test_one_changed_part_changes_the_encoding(value: Any, data: st.DataObject) -> None:
    part = data.draw(VALUES)
    wrapped: list[Any] = [value, [value], {"a": value}, (value, value)]
    changed: list[Any] = [part, [part], {"a": part}, (value, part)]
    for one, other in zip(wrapped, changed, strict=True):
        assert (encode(one) == encode(other)) is same(value, part)


@settings(PATIENT, max_examples=300)
@given(st.lists(VALUES, max_size=4), st.lists(VALUES, max_size=4))
def test_no_encoding_begins_another(ones: list[Any], others: list[Any]) -> None:
    one, other = encode(ones), encode(others)
    assert one == other or not one.startswith(other)
    assert one == other or not other.startswith(one)


@settings(PATIENT, max_examples=300)
@given(st.lists(VALUES, min_size=1, max_size=5), st.data())
def test_a_list_cut_in_two_is_another_list(values: list[Any], data: st.DataObject) -> None:
    at, elsewhere = (data.draw(st.integers(0, len(values))) for _ in range(2))
    one, other = [values[:at], values[at:]], [values[:elsewhere], values[elsewhere:]]
    assert (encode(one) == encode(other)) is (at == elsewhere)
    assert encode(values) not in (encode(one), encode([values]))


@pytest.mark.parametrize("kind", [str.encode, list, tuple], ids=["bytes", "list", "tuple"])
@settings(PATIENT, max_examples=100)
@given(text=st.text(st.characters(codec="utf-8"), max_size=5))
def test_what_holds_the_same_in_another_type_differs(kind: Any, text: str) -> None:
    assert encode(text) != encode(kind(text))


@settings(PATIENT, max_examples=200)
@given(st.decimals(), st.decimals())
def test_decimals_are_told_by_their_text(one: Decimal, other: Decimal) -> None:
    assert (encode(one) == encode(other)) is (str(one) == str(other))
