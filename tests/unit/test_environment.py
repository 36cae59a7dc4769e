"""What processes for runs start with is what this one has now, but for what it has for itself."""

from __future__ import annotations

import pytest

from nbnodes.engines import environment
from nbnodes.engines.environment import process_environment, set_for_itself

NAME = "A_VARIABLE_OF_A_TEST"


def test_a_variable_is_told_as_it_is_at_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    for value in ("one", "two", "üß\udcff"):
        monkeypatch.setenv(NAME, value)
        told.append(process_environment(is_python=True)[NAME])
    monkeypatch.delenv(NAME)
    assert told == ["one", "two", "üß\udcff"]
    assert NAME not in process_environment(is_python=True)


def test_what_is_told_is_the_callers_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "one")
    process_environment(is_python=False)[NAME] = "two"
    assert process_environment(is_python=False)[NAME] == "one"


def test_what_a_process_sets_for_itself_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_own", set())
    monkeypatch.setenv(NAME, "to be removed at the end")
    monkeypatch.delenv(NAME)
    set_for_itself(NAME, "mine")
    assert NAME not in process_environment(is_python=True)


def test_what_somebody_has_set_stays_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_own", set())
    monkeypatch.setenv(NAME, "theirs")
    set_for_itself(NAME, "mine")
    assert process_environment(is_python=True)[NAME] == "theirs"
