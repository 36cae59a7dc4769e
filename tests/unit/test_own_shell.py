"""Which shell is this process's own, while notebooks with shells of their own run in it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from notebooks import write_notebook

import nbnodes as nb
from nbnodes.engines.own_shell import own_shell

WAITS = "from gates import begun, may_go_on\nbegun.set()\nmay_go_on.wait()"


@pytest.mark.parametrize("first", ["", "%matplotlib inline\n"], ids=["stood for", "made"])
def test_a_notebooks_shell_is_not_this_process_s_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    import sys
    from types import ModuleType

    gates = ModuleType("gates")
    gates.begun, gates.may_go_on = threading.Event(), threading.Event()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gates", gates)
    path = write_notebook(tmp_path / "waits.ipynb", first + WAITS)
    with nb.Session(cache=False, engine="inprocess") as session:
        future = session.model(path).submit()
        gates.begun.wait()
        assert own_shell() is None
        gates.may_go_on.set()
        assert future.result().ok


def test_a_shell_of_a_persons_own_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    made = InteractiveShell.instance()
    try:
        assert own_shell() is made
    finally:
        InteractiveShell.clear_instance()
    assert own_shell() is None
