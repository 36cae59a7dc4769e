"""Domains are grids where they can be: a place for every value, a value at every place."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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

DAY = dt.date(2000, 1, 1)
NEXT_DAY = dt.datetime.fromisoformat("2000-01-02")
NEW_YEAR = dt.datetime.fromisoformat("2000-01-01")
LETTERS = Choices.among(["a", "b", "c"])
FINITE = {
    "truth": (Truth(), 2),
    "whole": (Numbers(low=0, high=10, is_whole=True), 11),
    "whole steps": (Numbers(low=1, high=10, step=4, is_whole=True), 3),
    "tenths": (Numbers(low=0, high=1, step=0.1), 11),
    "one number": (Numbers(low=2, high=2, step=1), 1),
    "powers": (Powers(low=-1, high=1, step=0.5), 5),
    "dates": (Moments(low=DAY, high=dt.date(2000, 12, 31)), 366),
    "weeks": (Moments(low=DAY, high=dt.date(2000, 1, 31), step=7), 5),
    "times": (Moments(of="time", low=dt.time(8), high=dt.time(9), step=900), 5),
    "datetimes": (
        Moments(of="datetime", low=NEW_YEAR, high=NEXT_DAY, step=3600),
        25,
    ),
    "choices": (LETTERS, 3),
    "several": (Several(of=LETTERS), 8),
    "pairs": (Pairs(of=Numbers(low=0, high=3, is_whole=True)), 10),
    "pairs of choices": (Pairs(of=LETTERS), 6),
}
ENDLESS = {
    "any number": Numbers(),
    "from zero": Numbers(low=0, is_whole=True),
    "without a step": Numbers(low=0, high=1),
    "any day": Moments(),
    "text": Words(),
    "colour": Colours(),
    "list": Lists(of=Words()),
    "files": Files(),
    "pairs": Pairs(of=Numbers()),
}


@pytest.mark.parametrize(("domain", "size"), FINITE.values(), ids=FINITE)
def test_every_place_holds_one_value_which_knows_its_place(domain, size):
    values = [domain.at(index) for index in range(size)]
    assert domain.size == size
    assert [domain.index(value) for value in values] == [*range(size)]
    assert [domain.nearest(value) for value in values] == values


@pytest.mark.parametrize("domain", ENDLESS.values(), ids=ENDLESS)
def test_where_there_is_no_end_of_values_there_are_no_places(domain):
    assert domain.size is None
    with pytest.raises(UsageError):
        domain.index(domain.start)


def test_a_sum_of_tenths_stands_where_people_expect_it():
    tenths = Numbers(low=0, high=1, step=0.1)
    assert tenths.index(0.1 + 0.2) == 3
    assert tenths.nearest(0.1 + 0.2) == 0.3
    assert tenths.at(7) == 0.7


@given(
    low=st.integers(-1000, 1000),
    step=st.sampled_from([0.001, 0.01, 0.025, 0.05, 0.1, 0.3, 1, 7]),
    count=st.integers(1, 200),
    place=st.integers(0, 400),
)
@settings(deadline=None)
def test_no_place_of_a_grid_of_floats_is_lost_to_rounding(low, step, count, place):
    from decimal import Decimal

    high = float(Decimal(low) + count * Decimal(repr(step)))
    numbers = Numbers(low=low, high=high, step=step)
    place = place % (count + 1)
    assert numbers.size == count + 1
    assert numbers.index(numbers.at(place)) == place
    assert low <= numbers.at(place) <= high


@pytest.mark.parametrize(
    ("domain", "value", "nearest"),
    [
        (Numbers(low=0, high=10, is_whole=True), 3.4, 3),
        (Numbers(low=0, high=10, is_whole=True), 99, 10),
        (Numbers(low=0, high=10, is_whole=True), -1, 0),
        (Numbers(low=0), -1, 0.0),
        (Numbers(high=1), 1.5, 1.0),
        (Numbers(low=0, high=1), 0.123, 0.123),
        (Numbers(step=0.5), 1.3, 1.5),
        (Numbers(is_whole=True), 2.6, 3),
        (Powers(low=0, high=2, step=1), 40, 100.0),
        (Powers(low=0, high=2, step=1), -5, 1.0),
        (Moments(low=DAY), dt.date(1990, 1, 1), DAY),
        (Moments(high=DAY), dt.date(2010, 1, 1), DAY),
        (Moments(), "2001-02-03", dt.date(2001, 2, 3)),
        (Moments(), NEW_YEAR, DAY),
        (Moments(of="datetime"), DAY, NEW_YEAR),
        (Moments(of="time"), "09:30", dt.time(9, 30)),
        (Pairs(of=Numbers(low=0, high=9, is_whole=True)), (7, 3), (3, 7)),
        (Pairs(of=Numbers()), (7, 3), (3, 7)),
        (Several(of=LETTERS), ["c", "a"], ("c", "a")),
        (Lists(of=Numbers(high=5, is_whole=True)), [1, 9], (1, 5)),
        (Choices.among([1, 2.0]), 1.0, 1),
        (Choices.among([1, True]), True, True),
    ],
)
def test_the_nearest_value_is_found(domain, value, nearest):
    found = domain.nearest(value)
    assert (found, type(found)) == (nearest, type(nearest))


@pytest.mark.parametrize(
    ("domain", "value"),
    [
        (Truth(), 1),
        (Numbers(), "5"),
        (Numbers(), True),
        (Numbers(), float("nan")),
        (Numbers(), None),
        (Moments(), "soon"),
        (Moments(), 5),
        (Moments(of="time"), dt.date(2000, 1, 1)),
        (
            Moments(of="datetime", low=NEW_YEAR),
            NEW_YEAR.replace(tzinfo=dt.UTC),
        ),
        (LETTERS, "d"),
        (Several(of=LETTERS), "a"),
        (Several(of=LETTERS), ["a", "d"]),
        (Pairs(of=Numbers()), (1, 2, 3)),
        (Words(), 5),
        (Words(longest=2), "abc"),
        (Words(pattern="^a"), "ba"),
        (Lists(of=Words()), "ab"),
        (Colours(), ""),
        (Fixed(text="a table"), 5),
    ],
)
def test_what_is_near_nothing_is_refused(domain, value):
    with pytest.raises(UsageError):
        domain.nearest(value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Numbers(low=2, high=1),
        lambda: Numbers(step=0),
        lambda: Numbers(low=float("inf")),
        lambda: Numbers(low=0.5, is_whole=True),
        lambda: Powers(low=0, high=1, base=1),
        lambda: Moments(low=dt.date(2001, 1, 1), high=DAY),
        lambda: Moments(of="time", low=DAY),
        lambda: Choices(values=(), labels=()),
        lambda: Choices(values=(1, 2), labels=("one",)),
    ],
)
def test_a_domain_that_contradicts_itself_cannot_be_made(make):
    with pytest.raises(UsageError):
        make()


@pytest.mark.parametrize(
    ("options", "values", "labels"),
    [
        (["a", 1], ("a", 1), ("a", "1")),
        ({"one": 1, "two": 2}, (1, 2), ("one", "two")),
        ([("one", 1), ("two", 2)], (1, 2), ("one", "two")),
        ([(1, 2), (3, 4, 5)], ((1, 2), (3, 4, 5)), ("(1, 2)", "(3, 4, 5)")),
        (range(2), (0, 1), ("0", "1")),
    ],
)
def test_choices_are_read_as_ipywidgets_reads_them(options, values, labels):
    choices = Choices.among(options)
    assert (choices.values, choices.labels) == (values, labels)


def test_choices_may_be_of_any_kind():
    np = pytest.importorskip("numpy")
    arrays = [np.zeros(2), np.ones(2)]
    choices = Choices.among({"zeros": arrays[0], "ones": arrays[1], "mean": np.mean})
    assert choices.index(arrays[1]) == 1
    assert choices.index(np.mean) == 2
