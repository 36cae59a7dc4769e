"""What tests share; its place makes `tests/` importable: `from notebooks import notebook`."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

import nbnodes as nb


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """Let an interrupt of a run be lost where Python can raise nothing: the next one stops it.

    It came in a callback of the garbage collector or of a weak reference. Else pytest's own hook
    makes a failure of it, of whichever test comes next.
    """
    told = sys.unraisablehook

    def tell(unraisable: sys.UnraisableHookArgs) -> None:
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            told(unraisable)

    sys.unraisablehook = tell


@pytest.fixture
def session() -> Iterator[nb.Session]:
    """The current Session: it keeps Results in memory, and runs notebooks in this process."""
    with nb.Session(cache=":memory:", engine="inprocess") as made:
        yield made


@pytest.fixture
def gatekeeper(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module `gatekeeper`: code in this process tells that it has begun, and waits."""
    module: Any = ModuleType("gatekeeper")
    module.begun, module.may_go_on = threading.Event(), threading.Event()
    monkeypatch.setitem(sys.modules, "gatekeeper", module)
    yield module
    module.may_go_on.set()
