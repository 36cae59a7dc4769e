"""A control counts its values, snaps what is near, and becomes JSON and back."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from nbnodes.control.control import Control
from nbnodes.control.domains import Choices, Fixed, Truth, Words
from nbnodes.control.grids import Numbers
from nbnodes.errors import UsageError

TENTHS = Numbers(low=0, high=1, step=0.1)


def control(**given):
    return Control(**{"name": "p", "kind": "slider", "domain": TENTHS, "default": 0.5} | given)


def test_none_is_a_value_of_an_optional_control_and_stands_last():
    optional = control(is_optional=True)
    assert (control().size, optional.size) == (11, 12)
    assert optional.at(11) is None
    assert optional.index(None) == 11
    assert optional.nearest(None) is None


@pytest.mark.parametrize("index", [-1, 11])
def test_there_is_nothing_beyond_the_last_place(index):
    with pytest.raises(UsageError, match=r"p: there is no value number -?\d+ of 11"):
        control().at(index)


def test_a_default_beside_the_grid_is_allowed_but_nothing_else_is():
    beside = control(default=0.55)
    assert beside.nearest(0.55) == 0.55
    assert beside.nearest(0.56) == 0.6


def test_what_is_near_nothing_is_refused_by_the_controls_name():
    for ask in (control().nearest, control().index):
        with pytest.raises(UsageError, match="p: 'a' is no number"):
            ask("a")
    with pytest.raises(UsageError, match="p: None is no number"):
        control().nearest(None)


def test_a_fixed_control_has_one_value():
    fixed = control(kind="fixed", domain=Fixed(text="a table"), default="a table")
    assert (fixed.size, fixed.at(0), fixed.index("a table")) == (1, "a table", 0)
    assert not fixed.is_settable
    with pytest.raises(UsageError, match="p: 5 cannot be set"):
        fixed.nearest(5)


PLAIN = [
    *(1, 1.5, True, None, "a", float("inf"), Decimal("1.10"), Path("a/b")),
    *(dt.date(2000, 1, 1), dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.time(9)),
    *([1, "a"], (1, (2.5, None))),
]


def test_choices_of_any_plain_kind_come_back_from_json():
    choices = Choices(values=tuple(PLAIN), labels=tuple(map(repr, PLAIN)))
    given = control(kind="dropdown", domain=choices, default=PLAIN[-1])
    back = Control.from_json(json.loads(json.dumps(given.as_json(), allow_nan=False)))
    assert back == given
    assert [*map(type, back.domain.values)] == [*map(type, PLAIN)]


def test_a_choice_that_json_does_not_know_comes_back_as_its_text():
    given = control(kind="dropdown", domain=Choices.among({"length": len}), default=len)
    back = Control.from_json(given.as_json())
    assert back.domain.labels == ("length",)
    assert repr(back.default) == repr(len)
    assert back.as_json() == given.as_json()


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"name": "p", "kind": "slider", "domain": {"type": "knob"}},
        {"name": "p", "kind": "slider", "domain": {"type": "numbers", "lowest": 1}},
        {"name": "p", "kind": "slider", "domain": 5},
        {"kind": "checkbox", "domain": {"type": "truth"}},
        {"name": "p", "kind": "checkbox", "domain": {"type": "truth"}, "colour": 1},
        {"name": "p", "kind": "date", "domain": {"type": "moments", "of": "week"}},
        {
            "name": "p",
            "kind": "date",
            "domain": {"type": "moments", "of": "date"},
            "default": "soon",
        },
    ],
)
def test_json_that_is_no_control_is_refused(written):
    with pytest.raises(UsageError):
        Control.from_json(written)


def test_controls_are_values():
    assert control() == control()
    assert control() != control(default=0.4)
    assert hash(control()) == hash(control())
    assert control(kind="text", domain=Words(), default="") != control(
        kind="checkbox", domain=Truth(), default=False
    )


def test_controls_are_made_without_ipywidgets():
    program = (
        "import sys\n"
        "from nbnodes.control.controls import controls_of\n"
        "from nbnodes.notebook.parameters import Parameter\n"
        "from nbnodes.notebook.signature import Signature\n"
        "n = Parameter(name='n', default=5, type=int)\n"
        "controls_of(Signature(name='f', parameters={'n': n}, is_closed=True), {'n': (0, 9)})\n"
        "sys.exit('ipywidgets' in sys.modules or 'pydantic' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
