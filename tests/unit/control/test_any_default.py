"""Whatever a parameter's default is, there is a control for it, and the parameter takes it back."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbnodes.control.control import Control
from nbnodes.control.controls import controls_of
from nbnodes.control.domains import is_same
from nbnodes.notebook.parameters import Parameter, Unknown
from nbnodes.notebook.signature import Signature

SCALARS = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary()),
    *(st.dates(), st.datetimes(), st.times(), st.timedeltas(), st.decimals(), st.fractions()),
    *(st.complex_numbers(), st.uuids(), st.datetimes(timezones=st.timezones())),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(default=VALUES, is_typed=st.booleans(), is_declared=st.booleans())
@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_any_default_has_a_control_that_the_parameter_takes(default, is_typed, is_declared):
    kind = type(default) if is_typed and default is not None else Unknown
    annotation = kind.__name__ if is_typed and is_declared else ""
    parameter = Parameter(name="p", default=default, type=kind, annotation=annotation)
    signature = Signature(name="f", parameters={"p": parameter}, is_closed=True)
    control = controls_of(signature)["p"]
    widget = control.to_widget()
    text = json.dumps(control.as_json(), allow_nan=False)
    assert Control.from_json(json.loads(text)).as_json() == control.as_json()
    if control.is_settable:
        assert "p" in signature.check({"p": widget.value})
        assert is_same(control.nearest(control.default), control.default)


@given(
    low=st.floats(-1e9, 1e9),
    span=st.floats(1e-6, 1e9),
    place=st.floats(0, 1),
    is_open=st.booleans(),
)
@settings(deadline=None)
def test_a_float_between_declared_bounds_never_leaves_them(low, span, place, is_open):
    from typing import Annotated

    from pydantic import Field

    high, default = low + span, low + place * span
    bounds = Field(gt=low, lt=high) if is_open else Field(ge=low, le=high)
    parameter = Parameter(name="p", default=default, type=Annotated[float, bounds], annotation="…")
    signature = Signature(name="f", parameters={"p": parameter}, is_closed=True)
    control = controls_of(signature)["p"]
    if control.size:
        for value in (control.at(0), control.at(control.size - 1), control.to_widget().value):
            signature.check({"p": value})
        assert control.size < 200_000


@pytest.mark.parametrize("default", [dt.date.max, dt.date.min, 2**60, -(2**53), 1e308, 5e-324])
def test_extremes_have_controls(default):
    parameter = Parameter(name="p", default=default, type=type(default))
    signature = Signature(name="f", parameters={"p": parameter}, is_closed=True)
    widget = controls_of(signature)["p"].to_widget()
    assert signature.check({"p": widget.value}) == {"p": default}
