"""Controls become ipywidgets and come back; every widget whose value people set can be read."""

from __future__ import annotations

import datetime as dt
import json

import ipywidgets
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbnodes.control.control import Control
from nbnodes.control.domains import (
    Choices,
    Colours,
    Files,
    Fixed,
    Lists,
    Pairs,
    Several,
    Truth,
    Words,
)
from nbnodes.control.grids import Moments, Numbers, Powers
from nbnodes.errors import UsageError

TEXT = st.text("abc äß-1", min_size=1, max_size=8)
STEPS = st.sampled_from([0.01, 0.05, 0.1, 0.5, 1, 2.5])
NAIVE = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1))  # noqa: DTZ001


@st.composite
def whole_numbers(draw):
    low, step = draw(st.integers(-50, 50)), draw(st.integers(1, 5))
    return Numbers(low=low, high=low + step * draw(st.integers(1, 40)), step=step, is_whole=True)


@st.composite
def numbers(draw):
    low = draw(st.integers(-50, 50))
    return Numbers(low=low, high=low + draw(st.integers(1, 40)), step=draw(STEPS))


@st.composite
def fields(draw):
    """Make numbers of which one end or both may be open."""
    within = draw(whole_numbers() | numbers())
    low, high = (
        draw(st.sampled_from([within.low, None])),
        draw(st.sampled_from([within.high, None])),
    )
    return Numbers(low=low, high=high, step=within.step, is_whole=within.is_whole)


@st.composite
def choices(draw):
    values = st.lists(st.integers() | TEXT | st.booleans(), min_size=1, max_size=6, unique_by=repr)
    found = draw(values)
    labels = draw(st.lists(TEXT, min_size=len(found), max_size=len(found), unique=True))
    return Choices(values=tuple(found), labels=tuple(labels))


@st.composite
def moments(draw, of):
    kind = {"date": st.dates(), "time": st.times(), "datetime": NAIVE}[of]
    ends = sorted([draw(kind), draw(kind)])
    low, high = (draw(st.sampled_from([end, None])) for end in ends)
    step = draw(st.sampled_from([1, 7]) if of == "date" else st.sampled_from([None, 1.0, 60.0]))
    step = None if of == "datetime" else step
    return Moments(of=of, low=low, high=high, step=step), st.just(low or high or ends[0])


def places(domain):
    return st.integers(0, domain.size - 1).map(domain.at)


def plain(kinds, domains, values):
    return st.tuples(st.sampled_from(kinds), domains).flatmap(
        lambda chosen: st.tuples(st.just(chosen[0]), st.just(chosen[1]), values(chosen[1]))
    )


SHAPES = st.one_of(
    plain(["checkbox", "toggle"], st.just(Truth()), places),
    plain(["slider", "play"], whole_numbers(), places),
    plain(["slider"], numbers(), places),
    plain(["number"], fields(), lambda domain: st.integers(-100, 100).map(domain.nearest)),
    plain(
        ["logslider"],
        st.builds(
            lambda low, span: Powers(low=low, high=low + span),
            st.integers(-3, 3),
            st.integers(1, 5),
        ),
        places,
    ),
    plain(
        ["range"], (whole_numbers() | numbers() | choices()).map(lambda of: Pairs(of=of)), places
    ),
    plain(["dropdown", "radio", "buttons", "list", "steps"], choices(), places),
    plain(["several"], choices().map(lambda of: Several(of=of)), places),
    plain(
        ["text", "area", "password"],
        st.builds(Words, hint=st.just("") | TEXT),
        lambda _: st.text("ab "),
    ),
    plain(["suggestions"], st.builds(Words, suggestions=st.just(("x", "y"))), lambda _: TEXT),
    plain(["colour"], st.just(Colours()), lambda _: st.sampled_from(["#1f77b4", "red"])),
    plain(["tags"], st.just(Lists(of=Words())), lambda _: st.lists(TEXT).map(tuple)),
    plain(
        ["tags"],
        st.just(Lists(of=Numbers(is_whole=True))),
        lambda _: st.lists(st.integers(-9, 9)).map(tuple),
    ),
    *(
        moments(of).flatmap(lambda made, of=of: st.tuples(st.just(of), st.just(made[0]), made[1]))
        for of in ("date", "time", "datetime")
    ),
)


@given(
    shape=SHAPES,
    label=TEXT,
    help=st.just("") | TEXT,
    is_optional=st.booleans(),
    is_none=st.booleans(),
)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=200)
def test_a_control_survives_its_widget_and_its_json(shape, label, help, is_optional, is_none):  # noqa: A002
    kind, domain, default = shape
    if kind in ("date", "time", "datetime"):  # a picker that is not empty may still be emptied
        is_optional = is_none
    control = Control(
        name="p",
        kind=kind,
        domain=domain,
        default=None if is_optional and is_none else default,
        label=label,
        help=help,
        is_optional=is_optional,
    )
    widget = control.to_widget()
    assert Control.from_widget(widget, name="p") == control
    shown = list(default) if kind == "tags" and control.default is not None else control.default
    assert widget.value == shown
    assert Control.from_json(json.loads(json.dumps(control.as_json(), allow_nan=False))) == control


ZONE = dt.timezone(dt.timedelta(hours=2))
NEW_YEAR = dt.datetime(2000, 1, 1, tzinfo=ZONE)
WHOLE = Numbers(low=0, high=100, is_whole=True)
PERCENT = Numbers(low=0, high=100, step=0.1)
LETTERS = Choices.among(["a", "b"])
READ = [
    (ipywidgets.Checkbox(True), "checkbox", Truth(), True),
    (ipywidgets.ToggleButton(True), "toggle", Truth(), True),
    (ipywidgets.IntSlider(5), "slider", WHOLE, 5),
    (ipywidgets.FloatSlider(5), "slider", PERCENT, 5),
    (ipywidgets.IntText(5), "number", Numbers(is_whole=True), 5),
    (ipywidgets.FloatText(5), "number", Numbers(), 5),
    (ipywidgets.BoundedIntText(5), "number", WHOLE, 5),
    (ipywidgets.BoundedFloatText(5), "number", Numbers(low=0, high=100), 5),
    (ipywidgets.Play(value=5), "play", WHOLE, 5),
    (ipywidgets.FloatLogSlider(10), "logslider", Powers(low=0, high=4), 10),
    (ipywidgets.IntRangeSlider(value=(2, 5)), "range", Pairs(of=WHOLE), (2, 5)),
    (ipywidgets.FloatRangeSlider(value=(2, 5)), "range", Pairs(of=PERCENT), (2, 5)),
    (ipywidgets.Dropdown(options=["a", "b"]), "dropdown", LETTERS, "a"),
    (ipywidgets.RadioButtons(options=["a", "b"]), "radio", LETTERS, "a"),
    (ipywidgets.Select(options=["a", "b"], value=None), "list", LETTERS, None),
    (ipywidgets.ToggleButtons(options=["a", "b"]), "buttons", LETTERS, "a"),
    (ipywidgets.SelectionSlider(options=["a", "b"]), "steps", LETTERS, "a"),
    (ipywidgets.SelectMultiple(options=["a", "b"]), "several", Several(of=LETTERS), ()),
    (ipywidgets.SelectionRangeSlider(options=["a", "b"]), "range", Pairs(of=LETTERS), ("a", "a")),
    (ipywidgets.TagsInput(value=["a"]), "tags", Lists(of=Words()), ("a",)),
    (
        ipywidgets.TagsInput(value=["a"], allowed_tags=["a", "b"]),
        "tags",
        Several(of=LETTERS),
        ("a",),
    ),
    (
        ipywidgets.IntsInput(value=[1], allowed_tags=[1, 2]),
        "tags",
        Several(of=Choices.among([1, 2])),
        (1,),
    ),
    (ipywidgets.IntsInput(value=[1]), "tags", Lists(of=Numbers(is_whole=True)), (1,)),
    (ipywidgets.FloatsInput(value=[1.5], min=0), "tags", Lists(of=Numbers(low=0)), (1.5,)),
    (ipywidgets.ColorsInput(value=["red"]), "tags", Lists(of=Colours()), ("red",)),
    (ipywidgets.Text("a"), "text", Words(), "a"),
    (ipywidgets.Textarea("a"), "area", Words(), "a"),
    (ipywidgets.Password(value="a"), "password", Words(), "a"),
    (ipywidgets.Combobox(options=["a"]), "suggestions", Words(suggestions=("a",)), ""),
    (ipywidgets.Combobox(options=["a", "b"], ensure_option=True), "dropdown", LETTERS, None),
    (ipywidgets.ColorPicker(value="red"), "colour", Colours(), "red"),
    (ipywidgets.DatePicker(value=dt.date(2000, 1, 1)), "date", Moments(), dt.date(2000, 1, 1)),
    (
        ipywidgets.TimePicker(value=dt.time(9)),
        "time",
        Moments(of="time", step=60),
        dt.time(9),
    ),
    (
        ipywidgets.DatetimePicker(value=NEW_YEAR),
        "datetime",
        Moments(of="datetime", is_aware=True),
        NEW_YEAR,
    ),
    (
        ipywidgets.NaiveDatetimePicker(value=NEW_YEAR.replace(tzinfo=None)),
        "datetime",
        Moments(of="datetime"),
        NEW_YEAR.replace(tzinfo=None),
    ),
    (ipywidgets.FileUpload(accept=".csv"), "files", Files(accept=".csv"), ()),
]


@pytest.mark.parametrize(
    ("widget", "kind", "domain", "default"), READ, ids=lambda one: type(one).__name__
)
def test_a_widget_is_read(widget, kind, domain, default):
    control = Control.from_widget(widget, name="p")
    assert (control.kind, control.domain, control.default) == (kind, domain, default)
    made = control.to_widget()
    assert type(getattr(made, "inner", made)) in (type(widget), ipywidgets.Dropdown)


SHOWN = [
    "Audio",
    "FloatProgress",
    "HTML",
    "HTMLMath",
    "Image",
    "IntProgress",
    "Label",
    "Output",
    "Valid",
    "Video",
]


@pytest.mark.parametrize("name", SHOWN)
def test_a_widget_that_only_shows_is_refused_by_name(name):
    with pytest.raises(UsageError, match=f"{name}: it only shows a value"):
        Control.from_widget(getattr(ipywidgets, name)())


def test_every_value_widget_of_ipywidgets_is_read_or_refused_by_name():
    classes = {
        name
        for name, one in vars(ipywidgets).items()
        if isinstance(one, type) and issubclass(one, ipywidgets.ValueWidget)
    }
    read = {type(widget).__name__ for widget, *_ in READ}
    assert classes - read - {*SHOWN} == {"ValueWidget"}


@pytest.mark.parametrize("widget", [ipywidgets.Button(), ipywidgets.HBox(), 5])
def test_what_has_no_value_is_refused_with_what_has_one(widget):
    with pytest.raises(UsageError, match="IntSlider"):
        Control.from_widget(widget)


def test_a_widget_class_of_ones_own_is_what_it_descends_from():
    class Knob(ipywidgets.IntSlider):
        pass

    assert Control.from_widget(Knob(5, description="turn")).kind == "slider"


def test_a_control_takes_its_name_from_the_description():
    assert Control.from_widget(ipywidgets.IntText(description="n")).name == "n"


def test_what_is_seen_beside_the_value():
    control = Control(
        name="n",
        kind="slider",
        domain=Numbers(low=0, high=1, step=0.005),
        default=0.5,
        label="window",
        help="the moving average",
        unit="months",
    )
    widget = control.to_widget()
    assert (widget.description, widget.tooltip) == ("window (months)", "the moving average")
    assert widget.readout_format == ".3f"
    assert widget.continuous_update


def test_text_is_told_when_it_is_written_not_while():
    for kind in ("text", "area", "password"):
        assert not Control(name="s", kind=kind, domain=Words()).to_widget().continuous_update


def test_a_control_without_a_label_is_known_by_its_name():
    assert Control(name="first_day", kind="date", domain=Moments()).to_widget().description == (
        "first day"
    )


def test_nothing_is_chosen_where_a_person_must_choose():
    for kind in ("dropdown", "radio", "buttons", "list"):
        widget = Control(name="s", kind=kind, domain=LETTERS, is_required=True).to_widget()
        assert widget.value is None
    assert Control(name="d", kind="date", domain=Moments()).to_widget().value is None


def test_each_call_makes_a_widget_of_its_own():
    control = Control(name="s", kind="text", domain=Words())
    assert control.to_widget() is not control.to_widget()


def test_a_fixed_value_is_shown_as_text():
    control = Control(name="t", kind="fixed", domain=Fixed(text="<a table>"), default=[1])
    widget = control.to_widget()
    assert (type(widget), widget.value) == (ipywidgets.HTML, "<code>&lt;a table&gt;</code>")


@pytest.mark.parametrize(
    ("kind", "domain", "value", "other"),
    [
        ("tags", Lists(of=Words()), ["a"], ["b", "c"]),
        ("play", WHOLE, 5, 7),
    ],
)
def test_a_widget_without_a_label_gets_one_and_tells_the_same(kind, domain, value, other):
    default = tuple(value) if kind == "tags" else value
    control = Control(name="p", kind=kind, domain=domain, default=default, label="p")
    widget, told = control.to_widget(), []
    assert (widget.description, widget.children[0].value, widget.value) == ("p", "p", value)
    widget.observe(lambda change: told.append(change["new"]), "value")
    widget.inner.value = other
    widget.value = value
    assert told == [other, value]
    assert widget.inner.value == value


def test_choices_that_equality_does_not_tell_apart_can_be_chosen():
    numpy = pytest.importorskip("numpy")
    for values in ([True, 1, 1.0], [float("nan"), 1.0], [numpy.zeros(2), numpy.ones(2)]):
        domain = Choices.among(values)
        for value in values:
            control = Control(name="p", kind="dropdown", domain=domain, default=value)
            assert control.to_widget().value is value


@pytest.mark.parametrize(
    ("kind", "domain"),
    [
        ("slider", Words()),
        ("slider", Numbers(low=0)),
        ("range", Pairs(of=Numbers())),
        ("date", Moments(of="time")),
        ("knob", Numbers()),
    ],
)
def test_a_kind_that_does_not_fit_its_domain_is_refused(kind, domain):
    with pytest.raises(UsageError):
        Control(name="p", kind=kind, domain=domain)
