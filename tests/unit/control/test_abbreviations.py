"""What is given in short for a control is understood, or refused with what is possible."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import ipywidgets
import pytest
from notebooks import notebook

from nbnodes.control.control import Control
from nbnodes.control.controls import controls_of
from nbnodes.control.domains import Choices, Truth, Words
from nbnodes.control.grids import Moments, Numbers
from nbnodes.errors import ParameterError
from nbnodes.notebook.signature import Signature

DAY, LATER = dt.date(2000, 1, 1), dt.date(2000, 12, 31)
NOON = dt.time(12)


def signature(source):
    return Signature.of(notebook("import datetime", (source, "parameters")))


def given(abbreviation, source="p = None"):
    return controls_of(signature(source), {"p": abbreviation})["p"]


GIVEN = {
    "whole bounds": ((0, 10), "slider", Numbers(low=0, high=10, is_whole=True), 5),
    "whole bounds, a step": (
        (0, 10, 5),
        "slider",
        Numbers(low=0, high=10, step=5, is_whole=True),
        5,
    ),
    "bounds": ((0.0, 1.0), "slider", Numbers(low=0, high=1, step=0.01), 0.5),
    "bounds, a step": ((0, 1, 0.25), "slider", Numbers(low=0, high=1, step=0.25), 0.5),
    "a range": (range(0, 10, 3), "slider", Numbers(low=0, high=9, step=3, is_whole=True), 6),
    "a list": (["a", "b"], "radio", Choices.among(["a", "b"]), "a"),
    "a long list": (list("abcde"), "dropdown", Choices.among("abcde"), "a"),
    "a mapping": ({"one": 1, "two": 2}, "radio", Choices.among({"one": 1, "two": 2}), 1),
    "pairs": ([("one", 1), ("two", 2)], "radio", Choices.among({"one": 1, "two": 2}), 1),
    "an iterable": (iter("ab"), "radio", Choices.among("ab"), "a"),
    "texts in a tuple": (("a", "b"), "radio", Choices.among("ab"), "a"),
    "dates": ((DAY, LATER), "date", Moments(low=DAY, high=LATER), DAY),
    "dates, a step": ((DAY, LATER, 7), "date", Moments(low=DAY, high=LATER, step=7), DAY),
    "a truth": (True, "checkbox", Truth(), True),
    "a text": ("a", "text", Words(), "a"),
    "a whole number": (5, "slider", Numbers(low=-5, high=15, is_whole=True), 5),
    "a number": (0.5, "slider", Numbers(low=-0.5, high=1.5, step=0.02), 0.5),
    "a date": (DAY, "date", Moments(), DAY),
    "a time": (NOON, "time", Moments(of="time"), NOON),
    "a type": (int, "number", Numbers(is_whole=True), 0),
    "a literal type": (Literal["a", "b"], "radio", Choices.among("ab"), None),
    "a widget": (
        ipywidgets.IntSlider(3, 1, 9),
        "slider",
        Numbers(low=1, high=9, is_whole=True),
        3,
    ),
    "a fixed value": (ipywidgets.fixed(5), "fixed", None, 5),
    "a control": (Control(name="q", kind="checkbox", domain=Truth()), "checkbox", Truth(), None),
}


@pytest.mark.parametrize(("abbreviation", "kind", "domain", "default"), GIVEN.values(), ids=GIVEN)
def test_an_abbreviation_is_understood(abbreviation, kind, domain, default):
    control = given(abbreviation)
    assert (control.name, control.kind, control.default) == ("p", kind, default)
    assert domain is None or control.domain == domain
    assert control.label == "p"


def test_the_parameters_own_default_is_kept_where_the_control_allows_it():
    assert given((0, 90), "p: int = 15").default == 15
    assert given((20, 90), "p: int = 15").default == 55
    assert given(["a", "b", "c"], "p: str = 'b'").default == "b"
    assert given(["a", "c"], "p: str = 'b'").default == "a"


def test_the_parameters_own_help_and_label_are_kept():
    control = given((0, 90), "p: int = 15  # 0..20: how many")
    assert control.help == "how many"
    told = Control(name="q", kind="checkbox", domain=Truth(), label="Really?", help="sure")
    assert (given(told).label, given(told).help) == ("Really?", "sure")


REFUSED = {
    "nothing": None,
    "an object": object(),
    "no choices": [],
    "upside down": (10, 0),
    "no step": (0, 10, 0),
    "a widget that only shows": ipywidgets.HTML("a"),
    "a button": ipywidgets.Button(),
}


@pytest.mark.parametrize("abbreviation", REFUSED.values(), ids=REFUSED)
def test_what_is_no_control_is_refused(abbreviation):
    with pytest.raises(ParameterError, match="p: "):
        given(abbreviation)


def test_what_is_no_control_is_told_what_could_be_one():
    with pytest.raises(ParameterError, match=r"give \(low, high\), .* a mapping, .* a Control"):
        given(object())


def test_all_mistakes_are_told_at_once():
    with pytest.raises(ParameterError) as caught:
        controls_of(
            signature("n: int = 1\nday: datetime.date = datetime.date(2000, 1, 1)\ns = 'a'"),
            {"n": ["many", "few"], "day": object(), "m": (0, 1), "s": "b"},
        )
    assert len(caught.value.problems) == 3
    unknown, wrong, none = caught.value.problems
    assert "there is no such parameter" in unknown
    assert "'many' is no int" in wrong
    assert "is no control" in none


@pytest.mark.parametrize(
    ("source", "abbreviation"),
    [
        ("p: int = 1", (0, 1, 0.25)),
        ("p: int = 1", ["a", "b"]),
        ("p: int = 1", "text"),
        ("p: bool = True", (0, 10)),
        ("p: datetime.date = datetime.date(2000, 1, 1)", ipywidgets.Text("soon")),
        ("p: list[int] = []", ["a", "b"]),
    ],
)
def test_a_control_whose_values_the_parameter_refuses_is_refused(source, abbreviation):
    with pytest.raises(ParameterError, match=r"p: .* but its control can say so"):
        given(abbreviation, source)


def test_a_notebook_without_parameters_takes_controls_for_any_name():
    signature = Signature.of(notebook("n = 1"))
    assert controls_of(signature) == {}
    assert controls_of(signature, {"n": (0, 10)})["n"].kind == "slider"
