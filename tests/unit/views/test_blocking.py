"""`%block` says what it needs, and never waits where nothing can come."""

from __future__ import annotations

import ipywidgets
import pytest
from IPython.core.interactiveshell import InteractiveShell

from nbnodes.errors import UsageError
from nbnodes.views.blocking import load


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)  # another one than this: IPython warns
    made = InteractiveShell()
    made.user_ns.update(
        slider=ipywidgets.IntSlider(), button=ipywidgets.Button(), ready=lambda: True, number=5
    )
    load(made)
    return made


@pytest.mark.parametrize(
    ("magic", "line", "said"),
    [
        ("block", "", r"should read `%block NAME \[-t SECONDS\]`"),
        ("block", "slider -t", "should read"),
        ("block", "slider -t soon", "should read"),
        ("block", "slider other", "should read"),
        ("block", "slider -t -3", "number of seconds"),
        ("block", "slidr", "`%block slidr`: name 'slidr' is not defined"),
        ("block", "number", "needs the name of a widget .*; number is int"),
        ("block", "slider", r"write `await nb.wait_for_change\(slider\)`"),
        ("block", "button -t 5", r"write `await nb.wait_for_click\(button\)`"),
        ("block", "-t 5 bool", r"write `while not bool\(\): await asyncio.sleep\(0.1\)`"),
        ("blockrun", "slider", "only a Button can be clicked"),
        ("blockrun", "button", r"write `await nb.wait_for_click\(button\)`"),
    ],
)
def test_what_cannot_be_waited_for_is_refused(shell, magic, line, said):
    with pytest.raises(UsageError, match=said):
        shell.run_line_magic(magic, line)


def test_a_function_that_returns_something_true_is_not_waited_for(shell):
    assert shell.run_line_magic("block", "ready") is None


def test_a_refused_wait_observes_nothing(shell):
    with pytest.raises(UsageError):
        shell.run_line_magic("block", "slider")
    assert shell.user_ns["slider"]._trait_notifiers.get("value", {}).get("change", []) == []
