"""What a parameters cell declares becomes a control: by type, by comment, by default."""

from __future__ import annotations

import datetime as dt
import enum
from pathlib import Path

import pytest
from notebooks import notebook

from nbnodes.control.controls import controls_of
from nbnodes.control.domains import Choices, Colours, Lists, Pairs, Several, Truth, Words
from nbnodes.control.grids import Moments, Numbers, Powers
from nbnodes.graph.function import Function
from nbnodes.notebook.reader import read
from nbnodes.notebook.signature import Signature

IMPORTS = """
import datetime, enum, uuid
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Final, Literal, Optional, Sequence, Union
from annotated_types import Ge, Gt, Interval, Le, Len, Lt, MultipleOf
from pydantic import AwareDatetime, Field, PositiveInt

class Speed(enum.Enum):
    SLOW = "slow"
    FAST = "fast"

class Coded(enum.Enum):
    A = 1
"""
ANY_WHOLE = Numbers(is_whole=True)
TEN = Numbers(low=0, high=10, is_whole=True)


def signature_of(source):
    return Signature.of(notebook(IMPORTS, (source, "parameters")))


def control_for(source):
    (control,) = controls_of(signature_of(source)).values()
    return control


def of_function(call):
    return controls_of(Function.of(call, name="f", inputs=0).signature)


LITERALS = Choices.among(["a", "b"])
DECLARED = {
    # numbers: a line where both ends are known, else a field
    "n: int = 15": ("number", ANY_WHOLE, 15),
    "n: Annotated[int, Field(ge=0, le=10)] = 5": ("slider", TEN, 5),
    "n: Annotated[int, Ge(0), Le(10)] = 5": ("slider", TEN, 5),
    "n: Annotated[int, Gt(-1), Lt(11)] = 5": ("slider", TEN, 5),
    "n: Annotated[int, Interval(ge=0, le=10)] = 5": ("slider", TEN, 5),
    "n: Final[Annotated[int, Interval(ge=0, le=10)]] = 5": ("slider", TEN, 5),
    "n: Annotated[int, Field(gt=0, lt=20, multiple_of=5)] = 10": (
        "slider",
        Numbers(low=5, high=19, step=5, is_whole=True),
        10,
    ),
    "n: Annotated[int, Field(ge=0, le=10)] = 50": ("slider", TEN, 10),
    "n: PositiveInt = 3": ("number", Numbers(low=1, is_whole=True), 3),
    "n: int = 5  # 0..1_000_000": ("number", Numbers(low=0, high=1000000, is_whole=True), 5),
    "n: int": ("number", ANY_WHOLE, 0),
    "n: Annotated[int, Field(ge=0, le=10)]": ("slider", TEN, 5),
    "x: float = 0.5": ("number", Numbers(), 0.5),
    "x: Annotated[float, Field(ge=0, le=1)] = 0.5": (
        "slider",
        Numbers(low=0, high=1, step=0.01),
        0.5,
    ),
    "x: Annotated[float, Field(gt=0, lt=1)] = 0.5": (
        "slider",
        Numbers(low=0.01, high=0.99, step=0.01),
        0.5,
    ),
    "x: Annotated[float, Field(ge=0, le=1)] = 0.125": (
        "slider",
        Numbers(low=0, high=1, step=0.005),
        0.125,
    ),
    "x: Annotated[float, {'step': 0.25}] = 1.0  # 0..2": (
        "slider",
        Numbers(low=0, high=2, step=0.25),
        1.0,
    ),
    "x: int | float = 1": ("number", Numbers(), 1),
    # comments
    "n: int = 5  # 0..10": ("slider", TEN, 5),
    "n = 5  # 0..10 step 5: help": ("slider", Numbers(low=0, high=10, step=5, is_whole=True), 5),
    "x = 0.5  # 0..1 step 0.05": ("slider", Numbers(low=0, high=1, step=0.05), 0.5),
    "x: float = 1.0  # 0.01..100 log: ratio": ("logslider", Powers(low=-2, high=2, step=0.05), 1.0),
    "n: int = 5  # 1..": ("number", Numbers(low=1, is_whole=True), 5),
    "n: int = 5  # ..9": ("number", Numbers(high=9, is_whole=True), 5),
    "n: int = 50  # 0..10 were too few": ("number", ANY_WHOLE, 50),
    "n: int = 5  # 0.5..9.5": ("number", ANY_WHOLE, 5),
    "n: int = 5  # 2000-01-01..2001-01-01": ("number", ANY_WHOLE, 5),
    "n: Annotated[int, Field(ge=0)] = 5  # -5..10": ("slider", TEN, 5),
    "n: Annotated[int, Field(ge=0, le=99)] = 5  # 0..10": ("slider", TEN, 5),
    # two states, one of several, several of several
    "flag = True": ("checkbox", Truth(), True),
    "flag: bool": ("checkbox", Truth(), False),
    "s: Literal['a', 'b'] = 'b'": ("radio", LITERALS, "b"),
    "s: Literal['a', 'b']": ("radio", LITERALS, None),
    "s: Literal[1, 2, 3, 4, 5] = 2": ("dropdown", Choices.among([1, 2, 3, 4, 5]), 2),
    "s: Speed = Speed.FAST": ("radio", Choices.among(["slow", "fast"]), "fast"),
    "s: Speed = 'fast'": ("radio", Choices.among(["slow", "fast"]), "fast"),
    "s: list[Literal['a', 'b']] = ['b']": ("several", Several(of=LITERALS), ("b",)),
    "s: set[Literal['a', 'b']] = {'b'}": ("several", Several(of=LITERALS), ("b",)),
    # text and what is typed as text
    "s = 'a'": ("text", Words(), "a"),
    "s: str": ("text", Words(), ""),
    "s = 'a\\nb'": ("area", Words(), "a\nb"),
    "s: Annotated[str, {'multiline': True}] = 'a'": ("area", Words(), "a"),
    "s: Annotated[str, Field(max_length=3, pattern='^a')] = 'a'": (
        "text",
        Words(longest=3, pattern="^a"),
        "a",
    ),
    "s: Annotated[str, Field(examples=['x', 'y'])] = 'x'": (
        "suggestions",
        Words(suggestions=("x", "y")),
        "x",
    ),
    "s = '#1f77b4'": ("colour", Colours(), "#1f77b4"),
    "s: Path = Path('a/b')": ("text", Words(hint="path"), "a/b"),
    "s: Decimal = Decimal('1.10')": ("text", Words(hint="decimal number"), "1.10"),
    "s: Fraction = Fraction(1, 3)": ("text", Words(hint="fraction, such as 1/3"), "1/3"),
    "s: int | Literal['auto'] = 'auto'": ("suggestions", Words(suggestions=("auto",)), "auto"),
    "s: int | str = 3": ("number", ANY_WHOLE, 3),
    "s: datetime.timedelta = datetime.timedelta(hours=-1)": (
        "text",
        Words(hint="duration, such as 1 day, 02:30:00"),
        "-1:00:00",
    ),
    # dates
    "d: datetime.date = datetime.date(2000, 1, 1)": ("date", Moments(), dt.date(2000, 1, 1)),
    "d = datetime.date(2000, 1, 1)  # 1990-01-01..2010-12-31: first": (
        "date",
        Moments(low=dt.date(1990, 1, 1), high=dt.date(2010, 12, 31)),
        dt.date(2000, 1, 1),
    ),
    "d: datetime.date": ("date", Moments(), None),
    "d = datetime.datetime(2000, 1, 1)  # 1990-01-01..2010-12-31": (
        "datetime",
        Moments(
            of="datetime",
            low=dt.datetime.fromisoformat("1990-01-01"),
            high=dt.datetime.fromisoformat("2010-12-31T23:59:59"),
        ),
        dt.datetime.fromisoformat("2000-01-01"),
    ),
    "d: datetime.time = datetime.time(9)  # 08:00..17:30": (
        "time",
        Moments(of="time", low=dt.time(8), high=dt.time(17, 30)),
        dt.time(9),
    ),
    # many
    "s: list[str] = ['a']": ("tags", Lists(of=Words()), ("a",)),
    "s: Sequence[int]": ("tags", Lists(of=ANY_WHOLE), ()),
    "s: tuple[float, ...] = (0.5,)": ("tags", Lists(of=Numbers()), (0.5,)),
    "s: tuple[int, int] = (3, 7)  # 0..10": ("range", Pairs(of=TEN), (3, 7)),
    "s: tuple[Annotated[int, Ge(0)], Annotated[int, Le(10)]] = (3, 7)": (
        "range",
        Pairs(of=TEN),
        (3, 7),
    ),
}


@pytest.mark.parametrize(("source", "expected"), DECLARED.items(), ids=DECLARED)
def test_a_declaration_becomes_a_control(source, expected):
    control = control_for(source)
    default = None if control.kind == "fixed" else control.default
    assert (control.kind, control.domain, default) == expected
    assert not control.is_guessed or control.kind == "colour"


GUESSED = {
    "n = 15": ("slider", Numbers(low=-15, high=45, is_whole=True)),
    "n = -5": ("slider", Numbers(low=-15, high=5, is_whole=True)),
    "n = 0": ("slider", Numbers(low=0, high=1, is_whole=True)),
    "x = 0.3": ("slider", Numbers(low=-0.3, high=0.9, step=0.02)),
    "x = 0.0": ("slider", Numbers(low=0, high=1, step=0.01)),
    "s = ['a', 'b']": ("tags", Lists(of=Words())),
    "s = [1, 2.5]": ("tags", Lists(of=Numbers())),
    "s = (1, 5)": ("range", Pairs(of=Numbers(low=0, high=9, is_whole=True))),
}


@pytest.mark.parametrize(("source", "expected"), GUESSED.items(), ids=GUESSED)
def test_bounds_that_nobody_wrote_are_marked_as_guessed(source, expected):
    control = control_for(source)
    assert (control.kind, control.domain) == expected
    assert control.is_guessed


def test_a_year_is_typed_not_dragged():
    control = control_for("year = 2020")
    assert (control.kind, control.domain, control.is_guessed) == ("number", ANY_WHOLE, False)


FIXED = {
    "prices = None  # a table": "its type is not known",
    "twice = 2 * 4 + len([])": "the notebook computes it",
    "n: int = len([1])": "the notebook computes it",
    "s: Coded = Coded.A": "the notebook computes it",
    "s = {'a': 1}": "dict",
    "s: dict[str, int] = {'a': 1}": "dict[str, int]",
    "s: list[datetime.date] = []": "list[datetime.date]",
    "s: tuple[int, str] = (1, 'a')": "tuple[int, str]",
    "s: tuple[int, int] = (7, 3)": "tuple[int, int]",
    "s: list[str] = ['']": "list[str]",
    "s = []": "list",
    "x = 1e999": "float",
    "s: Unknown": "its type is not known",
}


@pytest.mark.parametrize(("source", "reason"), FIXED.items(), ids=FIXED)
def test_what_no_control_can_set_is_shown_and_says_why(source, reason):
    control = control_for(source)
    assert control.kind == "fixed"
    assert not control.is_settable
    assert reason.lower() in control.domain.reason.lower()


OPTIONAL = {
    "n: int | None = None": ("number", None),
    "n: Optional[int] = 5": ("number", 5),
    "n: Optional[Annotated[int, Field(ge=0, le=10)]] = None": ("slider", None),
    "s: Literal['a', None] = None": ("dropdown", None),
    "s: Literal['a', 'b'] | None = 'a'": ("radio", "a"),
    "flag: bool | None = None": ("radio", None),
    "d: datetime.date | None = None": ("date", None),
    "s: str | None = None": ("text", None),
}


@pytest.mark.parametrize(("source", "expected"), OPTIONAL.items(), ids=OPTIONAL)
def test_none_is_one_value_more(source, expected):
    control = control_for(source)
    assert (control.kind, control.default) == expected
    assert control.is_optional
    assert control.nearest(None) is None


@pytest.mark.parametrize(
    ("source", "unit", "text"),
    [
        ("n: int = 5  # how many", "", "how many"),
        ("n: int = 5  # 0..10", "", ""),
        ("n: int = 5  # 0..10: how many", "", "how many"),
        ("n: int = 5  # 0..10 step 5: how many", "", "how many"),
        ("n: int = 5  # 0..10, how many", "", "how many"),
        ("n: int = 5  # 0..10 how many of them", "", "how many of them"),
        ("n: int = 5  # 0..10 months: the window", "months", "the window"),
        ("n: int = 5  # 0..10 km/h: how fast", "km/h", "how fast"),
        ("n: int = 5  # 0…10 %: share", "%", "share"),
        ("n: int = 5  # 0..10 step 1 months:", "months", ""),
        ("n: int = 5  # ... and so on", "", "... and so on"),
        ("n: int = 50  # 0..10: too few", "", "0..10: too few"),
        ("n: Annotated[int, Field(description='how many')] = 5", "", "how many"),
        ("n: Annotated[int, Field(description='how many')] = 5  # so many", "", "so many"),
        ("n: Annotated[int, {'unit': 'km'}] = 5", "km", ""),
    ],
)
def test_help_is_what_remains_of_the_comment(source, unit, text):
    control = control_for(source)
    assert (control.unit, control.help) == (unit, text)


def test_the_label_is_the_name_as_people_write_it_unless_a_title_is_given():
    assert control_for("first_day: int = 1").label == "first day"
    assert control_for("n: Annotated[int, Field(title='Count')] = 1").label == "Count"


def test_what_must_be_given_says_so():
    assert control_for("s: str").is_required
    assert not control_for("s: str = ''").is_required


def test_what_a_clock_says_is_what_it_says_now():
    before = dt.date.today()  # noqa: DTZ011  # as the notebook does
    control = control_for("d: datetime.date = datetime.date.today()")
    assert (control.kind, control.domain) == ("date", Moments())
    assert before <= control.default


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


def test_functions_have_controls_too():
    def call(
        n: int = 5, *, colour: Colour = Colour.BLUE, x=3, mode=("fast", "exact"), flag=False, table
    ):
        return n, colour, x, mode, flag, table

    controls = of_function(call)
    assert {name: (c.kind, c.default, c.is_guessed) for name, c in controls.items()} == {
        "n": ("number", 5, False),
        "colour": ("radio", 2, False),
        "x": ("slider", 3, True),
        "mode": ("radio", "fast", True),
        "flag": ("checkbox", False, False),
        "table": ("fixed", None, False),
    }


@pytest.mark.parametrize("name", ["fibonacci", "figure", "prices", "trend"])
def test_the_model_notebooks_have_controls_that_their_own_checks_accept(name):
    root = Path(__file__).resolve().parents[3]
    signature = Signature.of(read(root / "model_notebooks" / f"{name}.ipynb"))
    controls = controls_of(signature)
    settable = {c.name: c.to_widget().value for c in controls.values() if c.is_settable}
    fixed = [c.name for c in controls.values() if not c.is_settable]
    assert signature.check(settable).keys() == settable.keys()
    assert fixed == {"figure": ["trend"], "trend": ["prices"]}.get(name, [])


@pytest.mark.parametrize("source", [*DECLARED, *GUESSED, *OPTIONAL])
def test_what_a_widget_says_is_what_the_parameter_takes(source):
    signature = signature_of(source)
    (control,) = controls_of(signature).values()
    widget = control.to_widget()
    if control.is_settable and not (control.is_required and widget.value is None):
        assert signature.check({control.name: widget.value}, fed=signature.parameters)
        for index in {0, 1, (control.size or 1) - 1} if control.size else ():
            value = control.at(min(index, control.size - 1))
            assert signature.check({control.name: value}, fed=signature.parameters)
