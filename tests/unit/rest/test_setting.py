"""What pages set and what their addresses say: each value by itself, or refused by name."""

from __future__ import annotations

import datetime as dt

import pytest
from notebooks import document

import nbnodes as nb
from nbnodes.control.wire import value_as_json
from nbnodes.notebook.validation import Text
from nbnodes.rest.setting import Asked, Settable


@pytest.fixture
def graph(session: nb.Session) -> nb.Graph:
    declared = "n: int = 3  # 0..9\nday: dt.date = dt.date(2024, 1, 2)\nname = 'a'"
    first = nb.Node(
        session.model(
            document(("import datetime as dt\n" + declared, "parameters"), ("n", "return"))
        ),
        name="first",
    )
    source = document(("x = 0\nn: int = 5  # 0..9", "parameters"), ("x + n", "return"))
    second = nb.Node(session.model(source), {"x": first}, name="second")
    return nb.Graph([second], session=session)


def test_addresses_name_the_node_where_names_mean_different_things(graph: nb.Graph) -> None:
    settable = Settable(graph)
    assert [*settable.controls] == ["second.n", "first.n", "day", "name"]
    assert settable.groups == {"second": ("second.n",), "first": ("first.n", "day", "name")}


def test_a_result_depends_on_the_addresses_of_all_that_feeds_it(graph: nb.Graph) -> None:
    feeds = Settable(graph).feeds
    assert set(feeds["first"]) == {"first.n", "day", "name"}
    assert set(feeds["second"]) == {"first.n", "day", "name", "second.n"}


def test_a_value_that_is_wrong_does_not_keep_the_others(graph: nb.Graph) -> None:
    asked = Settable(graph).from_wire({"first.n": "many", "day": "2024-05-06", "name": "b"})
    assert asked.values == {"day": dt.date(2024, 5, 6), "name": "b"}
    assert [*asked.problems] == ["first.n"]
    assert "integer" in asked.problems["first.n"]


def test_what_is_set_to_its_default_is_as_if_nobody_had_set_it(graph: nb.Graph) -> None:
    asked = Settable(graph).from_wire({"first.n": 3, "second.n": 4})
    assert (asked.values, asked.defaults) == ({"second.n": 4}, ("first.n",))


def test_what_is_no_address_of_the_graph_is_left_out(graph: nb.Graph) -> None:
    asked = Settable(graph).from_wire({"nobody": 1})
    assert (asked.values, asked.problems) == ({}, {})


@pytest.mark.parametrize("wire", [{}, [], {"a": 1, "b": 2}, {"date": 5}, "tomorrow", 7])
def test_nonsense_for_a_date_is_refused_and_not_raised(graph: nb.Graph, wire: object) -> None:
    assert [*Settable(graph).from_wire({"day": wire}).problems] == ["day"]


def test_an_address_is_text_that_takes_the_declared_type(graph: nb.Graph) -> None:
    given = {"first.n": Text("7"), "day": Text("2024-05-06"), "other": "x"}
    asked = Settable(graph).from_query(given)
    assert asked.values == {"first.n": 7, "day": dt.date(2024, 5, 6)}
    assert asked.problems == {}


def test_a_value_that_its_control_does_not_have_gives_way_and_that_is_told(
    graph: nb.Graph,
) -> None:
    asked = Settable(graph).from_query({"first.n": Text("700"), "second.n": Text("many")})
    assert asked.values == {"first.n": 9}
    assert [*asked.problems] == ["second.n", "first.n"]
    assert "700 cannot be set here; 9 is nearest" in asked.problems["first.n"]


def settable_of(session: nb.Session, declared: str, before: str = "") -> Settable:
    made = document(before, (declared, "parameters"), ("1", "return"))
    return Settable(nb.Graph([nb.Node(session.model(made), name="one")], session=session))


WRITTEN = """\
amount: Decimal = Decimal("1.5")
share: Fraction = Fraction(1, 3)
whose: UUID = UUID(int=5)
wait: timedelta = timedelta(minutes=5)
place: Path = Path("/x")
large: int = 12345678901234567890
either: int | str = 'a'"""
IMPORTS = """\
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from uuid import UUID"""
TYPED = {
    "amount": "2.50",
    "share": "2/7",
    "whose": "00000000-0000-0000-0000-000000000009",
    "wait": "1:30:00",
    "place": "/home/me/data.csv",
    "large": "99999999999999999999",
    "either": "3",
}


def test_what_is_typed_as_text_is_the_same_text_after_a_link(session: nb.Session) -> None:
    settable = settable_of(session, WRITTEN, IMPORTS)
    asked = settable.from_query({name: Text(typed) for name, typed in TYPED.items()})
    assert (asked.values, asked.problems) == (TYPED, {})
    assert settable.from_wire(asked.values) == Asked(values=TYPED)


def test_text_that_only_an_address_may_say_is_shown_as_a_field_takes_it(
    session: nb.Session,
) -> None:
    settable = settable_of(session, WRITTEN, IMPORTS)
    asked = settable.from_query({"wait": Text("90")})
    assert (asked.values, asked.problems) == ({"wait": "0:01:30"}, {})


MANY = """\
names: list[str] = ["x"]
counts: list[int] = [1]
kinds: list[Literal["q", "w"]] = ["q"]
letters: set[str] = {"a"}
ends: tuple[int, int] = (3, 7)  # 0..10"""


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("names", Text('["a", "b"]'), ("a", "b")),
        ("names", ["a", "b"], ("a", "b")),
        ("counts", Text("[4]"), (4,)),
        ("counts", ["4", "5"], (4, 5)),
        ("kinds", Text('["w"]'), ("w",)),
        ("letters", Text('["b"]'), ("b",)),
        ("ends", Text("[1, 2]"), (1, 2)),
    ],
)
def test_a_list_that_a_link_says_is_taken_without_a_word(
    session: nb.Session, name: str, given: object, value: object
) -> None:
    settable = settable_of(session, MANY, "from typing import Literal")
    asked = settable.from_query({name: given})
    assert (asked.values, asked.problems) == ({name: value}, {})


def test_a_pair_the_wrong_way_round_is_told_of(session: nb.Session) -> None:
    asked = settable_of(session, MANY).from_query({"ends": Text("[7, 3]")})
    assert asked.values == {"ends": (3, 7)}
    assert "is nearest" in asked.problems["ends"]


def test_a_name_that_several_nodes_have_is_meant_for_each_as_in_a_request(
    graph: nb.Graph,
) -> None:
    asked = Settable(graph).from_query({"n": Text("6"), "first.n": Text("7")})
    assert asked.values == {"second.n": 6, "first.n": 7}
    assert (asked.problems, asked.strays) == ({}, ())


def test_a_name_with_its_node_is_the_same_as_without(session: nb.Session) -> None:
    asked = settable_of(session, "n = 3").from_query({"one.n": Text("9")})
    assert (asked.values, asked.strays) == ({"n": 9}, ())


def test_a_name_that_nothing_has_is_told_of(session: nb.Session, graph: nb.Graph) -> None:
    asked = settable_of(session, "n = 3").from_query({"n": Text("7"), "foo": Text("1")})
    assert asked.values == {"n": 7}
    assert asked.strays == ("foo: there is no such parameter (it has: n)",)
    (stray,) = Settable(graph).from_query({"x": Text("1")}).strays
    assert stray == "x: second gets it from first"


def test_one_of_two_nodes_that_share_a_control_cannot_be_set_alone(session: nb.Session) -> None:
    first = nb.Node(session.model(document(("n = 3", "parameters"), ("n", "return"))), name="first")
    last = document(("x = 0\nn = 3", "parameters"), ("x + n", "return"))
    second = nb.Node(session.model(last), {"x": first}, name="second")
    asked = Settable(nb.Graph([second], session=session)).from_query({"first.n": Text("4")})
    assert asked.values == {}
    assert asked.strays == ("first.n: here it is set together with second, as n",)


def test_integers_that_javascript_does_not_count_to_are_text_and_stay_exact(
    session: nb.Session,
) -> None:
    settable = settable_of(session, "n: int = 5\nfree = 5")
    asked = settable.from_wire({"n": "9007199254740993", "free": "-9007199254740993"})
    assert asked.values == {"n": 9007199254740993, "free": -9007199254740993}
    control = settable.controls["n"]
    assert value_as_json(9007199254740993, control.domain) == "9007199254740993"
    digits = "123456789012345678901234567890123456"
    assert settable.from_query({"n": Text(digits)}) == Asked(values={"n": int(digits)})


@pytest.mark.parametrize("text", ["9" * 400, "9" * 5000, "1e999"])
def test_a_number_too_long_for_anything_is_refused_and_not_raised(
    session: nb.Session, text: str
) -> None:
    asked = settable_of(session, "x: float = 0.5  # 0..1").from_query({"x": Text(text)})
    assert [*asked.problems] == ["x"]


def test_a_date_that_is_not_chosen_yet_is_said_to_be_that(session: nb.Session) -> None:
    settable = settable_of(session, "day: date", "from datetime import date")
    assert settable.from_wire({"day": None}).problems == {"day": "a value must be chosen"}
