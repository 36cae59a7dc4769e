"""Of any values: a copy is no change, a tolerance is symmetric, and no drift goes unseen."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from nbnodes.cache.equality import Shown, Tolerance, equal
from nbnodes.cache.fingerprint import fingerprint

TOTAL = dict(deadline=None, derandomize=True)  # noqa: C408
NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
LEAVES = st.one_of(
    *(st.none(), st.booleans(), st.integers(), NUMBERS, st.text(max_size=5)),
    *(st.complex_numbers(), st.decimals(allow_nan=True), st.timedeltas(), st.dates()),
    st.lists(NUMBERS, max_size=4).map(np.array),
    st.lists(NUMBERS, max_size=4).map(lambda numbers: pd.Series(numbers, dtype=float)),
    st.lists(NUMBERS, min_size=1, max_size=4).map(lambda n: pd.DataFrame({"a": n, "b": "x"})),
)
VALUES = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        st.lists(parts, max_size=4),
        st.tuples(parts, parts),
        st.dictionaries(st.one_of(st.text(max_size=3), st.integers(), NUMBERS), parts, max_size=4),
        st.frozensets(st.one_of(st.integers(), st.text(max_size=3)), max_size=3),
    ),
    max_leaves=8,
)
TOLERANCES = st.builds(
    Tolerance, rtol=st.sampled_from([0.0, 1e-9, 0.1]), atol=st.sampled_from([0.0, 0.5])
)


@settings(max_examples=400, **TOTAL)
@given(value=VALUES, tolerance=TOLERANCES)
def test_a_copy_is_no_change(value: Any, tolerance: Tolerance) -> None:
    assert equal(value, copy.deepcopy(value))
    assert equal(value, copy.deepcopy(value), tolerance)


@settings(max_examples=400, **TOTAL)
@given(one=VALUES, other=VALUES, tolerance=TOLERANCES)
def test_a_tolerance_is_symmetric_and_allows_what_digests_do(
    one: Any, other: Any, tolerance: Tolerance
) -> None:
    assert equal(one, other, tolerance) == equal(other, one, tolerance)
    assert equal(one, other) == (fingerprint(one) == fingerprint(other))
    assert not equal(one, other) or equal(one, other, tolerance)


@settings(max_examples=300, **TOTAL)
@given(
    steps=st.lists(st.floats(-1, 1), min_size=1, max_size=60),
    atol=st.sampled_from([0.0, 0.3, 2.0]),
)
def test_no_drift_goes_unseen(steps: list[float], atol: float) -> None:
    shown = Shown.first(np.array([0.0]))
    total = 0.0
    for step in steps:
        total += step
        later = shown.after(np.array([total]), eq=Tolerance(rtol=0, atol=atol))
        assert abs(later.value[0] - total) <= atol
        assert (later is shown) == (abs(shown.value[0] - total) <= atol)
        assert later.digest == fingerprint(later.value)
        shown = later
