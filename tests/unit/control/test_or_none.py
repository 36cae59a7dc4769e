"""A tick beside a widget says None, and both together have one value."""

from __future__ import annotations

import ipywidgets
import pytest

from nbnodes.control.control import Control
from nbnodes.control.grids import Numbers

NUMBER = Numbers(low=0, high=10, is_whole=True)


def optional(default):
    return Control(
        name="limit", kind="slider", domain=NUMBER, default=default, label="limit", is_optional=True
    )


@pytest.fixture
def widget():
    return optional(5).to_widget()


@pytest.fixture
def told(widget):
    values = []
    widget.observe(lambda change: values.append(change["new"]), "value")
    return values


def test_the_tick_says_none_and_its_absence_the_value_again(widget, told):
    widget.tick.value = True
    widget.tick.value = False
    assert told == [None, 5]


def test_the_inner_widget_cannot_be_moved_while_the_tick_is_set(widget):
    widget.tick.value = True
    assert widget.inner.disabled
    widget.tick.value = False
    assert not widget.inner.disabled


def test_the_inner_widgets_changes_are_told(widget, told):
    widget.inner.value = 7
    assert told == [7]


def test_a_value_set_in_code_is_shown_and_told_once(widget, told):
    widget.value = None
    assert widget.tick.value
    widget.value = 8
    assert (widget.tick.value, widget.inner.value) == (False, 8)
    assert told == [None, 8]


def test_a_value_beyond_the_bounds_becomes_the_nearest(widget):
    widget.value = 99
    assert (widget.value, widget.inner.value) == (10, 10)


def test_it_starts_as_the_control_says():
    assert optional(None).to_widget().value is None
    assert optional(3).to_widget().value == 3


def test_it_is_a_box_that_any_front_end_shows(widget):
    assert isinstance(widget, ipywidgets.HBox)
    assert widget.get_state()["_model_name"] == "HBoxModel"
    assert "value" not in widget.get_state()


def test_it_is_known_by_its_label(widget):
    assert widget.description == "limit"
