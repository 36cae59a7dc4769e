"""An interrupt waits for an import: a library that is half there may crash the process."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from notebooks import write_notebook

import nbnodes as nb
from nbnodes.engines.call import Call
from nbnodes.engines.engine import CancelToken

_MODULE = """
import gatekeeper
gatekeeper.begun.set()
gatekeeper.may_go_on.wait()
gatekeeper.is_whole = True
"""


@pytest.fixture
def gates(gatekeeper: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "slow_library.py").write_text(_MODULE, encoding="utf-8")
    yield gatekeeper
    gatekeeper.may_go_on.set()
    sys.modules.pop("slow_library", None)


def use_slow_library() -> None:
    import slow_library  # noqa: F401

    while True:
        threading.Event().wait(0.001)


def test_a_call_is_interrupted_when_its_import_has_ended(gates: Any) -> None:
    call = Call(name="slow", function=use_slow_library, cancel=CancelToken())
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(call.run)
        gates.begun.wait()
        call.cancel.cancel()
        gates.may_go_on.set()
        with pytest.raises(nb.RunCancelledError):
            future.result()
    assert gates.is_whole


def test_a_notebook_in_this_process_is_interrupted_when_its_import_has_ended(
    gates: Any, tmp_path: Path
) -> None:
    source = "import slow_library, time\nwhile True:\n    time.sleep(0.001)"
    with nb.Session(cache=False, engine="inprocess") as session:
        future = session.model(write_notebook(tmp_path / "slow.ipynb", source)).submit()
        gates.begun.wait()
        future.cancel()
        gates.may_go_on.set()
        with pytest.raises(nb.RunCancelledError):
            future.result()
    assert gates.is_whole
