"""What pages set and what their addresses say: each value by itself, or refused by name."""

from __future__ import annotations

import datetime as dt

import pytest
from notebooks import document

import nbnodes as nb
from nbnodes.notebook.validation import Text
from nbnodes.rest.setting import Settable


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
