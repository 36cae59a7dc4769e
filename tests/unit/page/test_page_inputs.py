"""Controls become labelled native inputs, each with what a script needs to know of it."""

from __future__ import annotations

import datetime as dt
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from nbnodes.control.control import Control
from nbnodes.control.domains import (
    Choices,
    Colours,
    Domain,
    Files,
    Fixed,
    Lists,
    Pairs,
    Several,
    Truth,
    Words,
)
from nbnodes.control.face import Kind
from nbnodes.control.grids import Moments, Numbers, Powers
from nbnodes.page.inputs import Form, control_html, form_html

WHOLE = Numbers(low=0, high=90, step=1, is_whole=True)
LETTERS = Choices(values=("a", "b", "c"), labels=("Alpha", "Beta", "<Gamma>"))
NOON = dt.datetime(2001, 2, 3, 12, tzinfo=dt.timezone(dt.timedelta(hours=2)))
EVERY_KIND: dict[Kind, tuple[Domain, Any]] = {
    "checkbox": (Truth(), False),
    "toggle": (Truth(), True),
    "slider": (WHOLE, 15),
    "number": (Numbers(), 2.5),
    "play": (WHOLE, 0),
    "logslider": (Powers(low=-3.0, high=3.0), 1.0),
    "range": (Pairs(of=WHOLE), (2, 8)),
    "dropdown": (LETTERS, "a"),
    "radio": (LETTERS, "b"),
    "buttons": (LETTERS, "c"),
    "list": (LETTERS, "a"),
    "steps": (LETTERS, "b"),
    "several": (Several(of=LETTERS), ("a", "c")),
    "tags": (Lists(of=Words()), ("x", "<y>")),
    "text": (Words(hint="a word"), "hello"),
    "area": (Words(), "\nline"),
    "password": (Words(), ""),
    "suggestions": (Words(suggestions=("Rome",)), "Paris"),
    "colour": (Colours(), "red"),
    "date": (Moments(of="date"), dt.date(2001, 2, 3)),
    "datetime": (Moments(of="datetime", is_aware=True), NOON),
    "time": (Moments(of="time"), dt.time(12, 30)),
    "files": (Files(), ()),
    "fixed": (Fixed(text="None", reason="Its type is not known."), None),
}


class Elements(HTMLParser):
    """The elements of a page, and what labels name."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in ("input", "br", "link", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def of(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.found if tag in tags]

    def ids(self) -> list[str]:
        return [found["id"] or "" for _, found in self.found if "id" in found]


def control(kind: Kind, **words: Any) -> Control:
    domain, default = EVERY_KIND[kind]
    return Control(**{"name": "x", "kind": kind, "domain": domain, "default": default} | words)


def drawn(kind: Kind, value: Any = ..., problem: str = "", **words: Any) -> Elements:
    one = control(kind, **words)
    values = {} if value is ... else {"x": value}
    form = Form(controls={"x": one}, values=values, problems={"x": problem})
    return Elements(control_html(form, "x"))


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_a_control_of_every_kind_is_whole_html_with_ids_of_its_own(kind: Kind) -> None:
    elements = drawn(kind, help="what it is for")
    assert elements.open == []
    assert len(set(elements.ids())) == len(elements.ids())


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_every_input_is_named_and_explained(kind: Kind) -> None:
    elements = drawn(kind, help="what it is for")
    labelled = {one.get("for") for one in elements.of("label")}
    inside = {one.get("data-part") for one in elements.of("input")} & {"option"}
    for one in elements.of("input", "select", "textarea"):
        is_named = one.get("id") in labelled or "aria-label" in one or "aria-labelledby" in one
        assert is_named or one.get("data-part") in inside
        assert "nb-x-help" in (one["aria-describedby"] or "").split()


@pytest.mark.parametrize("kind", [kind for kind in EVERY_KIND if kind not in ("files", "fixed")])
def test_a_refused_value_is_said_at_its_inputs(kind: Kind) -> None:
    elements = drawn(kind, problem="'a' is no number")
    inputs = elements.of("input", "select", "textarea")
    assert {one.get("aria-invalid") for one in inputs} == {"true"}


@pytest.mark.parametrize("kind", ["slider", "text", "number", "colour", "steps", "several"])
def test_what_may_be_none_has_a_tick_for_it(kind: Kind) -> None:
    elements = drawn(kind, value=None, is_optional=True)
    (tick,) = [one for one in elements.of("input") if one.get("data-part") == "none"]
    assert "checked" in tick


def test_a_choice_that_may_be_none_has_none_among_its_options() -> None:
    options = drawn("dropdown", value=None, is_optional=True).of("option")
    assert options[0] == {"value": "", "selected": None}
    assert [one["value"] for one in options] == ["", "0", "1", "2"]


def test_a_slider_moves_on_the_places_of_its_grid() -> None:
    tenths = Numbers(low=0.1, high=0.7, step=0.1)
    elements = drawn("slider", domain=tenths, default=0.3, unit="m")
    handle, box = elements.of("input")
    assert (handle["min"], handle["max"], handle["value"]) == ("0", "6", "2")
    assert handle["aria-valuetext"] == "0.3 m"
    assert (box["value"], box["step"]) == ("0.3", "0.1")


def test_what_was_guessed_is_marked_and_may_be_left() -> None:
    one = Form(controls={"x": control("slider", is_guessed=True)})
    html = control_html(one, "x")
    box = Elements(html).of("input")[1]
    assert ">guessed<" in html
    assert not {"min", "max"} & set(box)


def test_markup_in_labels_and_values_stays_text() -> None:
    form = Form(controls={"x": control("tags", label="<b>x</b>", help="<i>help</i>")})
    html = form_html(form)
    assert "<b>" not in html
    assert "<i>" not in html
    assert "<y>" not in html


def test_what_the_script_reads_cannot_end_its_element() -> None:
    form = Form(controls={"x": control("text", default="</script><script>")})
    html = form_html(form)
    assert html.count("<script") == html.count("</script") == 1


def known(form: Form, address: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json">(.*?)</script>', form_html(form))
    assert found is not None
    read: dict[str, Any] = json.loads(found[1])[address]
    return read


def test_the_script_is_told_values_as_the_wire_has_them() -> None:
    form = Form(controls={"a.x": control("datetime")}, values={"a.x": NOON})
    assert known(form, "a.x")["value"] == "2001-02-03T12:00:00+02:00"


def test_a_logarithmic_scale_is_written_out_with_every_digit() -> None:
    scale = Powers(low=0.0, high=1.0, step=0.1)
    form = Form(controls={"x": control("logslider", domain=scale)})
    assert known(form, "x")["grid"] == [scale.at(place) for place in range(11)]


@pytest.mark.parametrize(("step", "digits"), [(0.05, 2), (1.0, 1), (1e-07, 7), (None, 1)], ids=str)
def test_the_script_is_told_how_many_digits_neighbours_differ_in(
    step: float | None, digits: int
) -> None:
    numbers = Numbers(low=0.5, high=2.0, step=step)
    form = Form(controls={"x": control("slider", domain=numbers, default=1.0)})
    assert known(form, "x")["domain"]["digits"] == digits


def test_groups_have_titles_and_what_is_in_none_stands_first() -> None:
    controls = {"a.x": control("text"), "y": control("text", name="y")}
    html = form_html(Form(controls=controls, groups={"First": ("a.x",), "Empty": ()}))
    assert "<legend>First</legend>" in html
    assert "Empty" not in html
    assert html.index('data-address="y"') < html.index('data-address="a.x"')
