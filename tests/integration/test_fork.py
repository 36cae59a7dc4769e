"""What is the fork engine's own: its template. The rest is in test_children.py."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from processes import await_end, call

from nbnodes.engines.children import nursery
from nbnodes.engines.children.template import Template
from nbnodes.engines.fork import ForkEngine


@pytest.fixture
def engine(others: set[psutil.Process]) -> Iterator[ForkEngine]:
    del others
    made = ForkEngine()
    yield made
    made.close()


def template_of(others: set[psutil.Process]) -> psutil.Process:
    (template,) = [p for p in psutil.Process().children() if p not in others and p.children()]
    return template


def test_a_killed_template_is_replaced(
    engine: ForkEngine, others: set[psutil.Process], tmp_path: Path
) -> None:
    call(engine, tmp_path, "1")
    template = template_of(others)
    family = [template, *template.children()]
    template.kill()
    assert await_end(family) == []
    assert call(engine, tmp_path, ("1", "return")).unwrap() == 1


def test_a_spare_that_is_killed_is_replaced(
    engine: ForkEngine, others: set[psutil.Process], tmp_path: Path
) -> None:
    call(engine, tmp_path, "1")
    template = template_of(others)
    spares = template.children()
    for spare in spares:
        spare.kill()
    await_end(spares)
    assert call(engine, tmp_path, ("1", "return")).unwrap() == 1


def test_the_memory_that_a_run_takes_is_expected_of_the_next(
    engine: ForkEngine, tmp_path: Path
) -> None:
    call(engine, tmp_path, "taken = b'x' * 300_000_000")
    what = str(tmp_path / "notebook")
    template = engine._templates[-1]
    assert isinstance(template, Template)
    with template._changed:  # it is told once the child has been reaped
        template._changed.wait_for(lambda: template.expected_bytes(what) > 0, 10)
    assert 200_000_000 < template.expected_bytes(what) < 500_000_000
    assert template.expected_bytes(str(tmp_path / "another")) == 0


def test_a_module_that_is_not_imported_in_time_ends_the_template_only(
    engine: ForkEngine,
    install: Callable[[str, str], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(nursery, "_IMPORT_S", 0.2)
    install("endless", "import time\ntime.sleep(600)")
    cells = (("raise SystemExit", "parameters"), "import endless")
    assert call(engine, tmp_path, *cells, timeout_s=60.0).unwrap() is None


def test_a_module_that_starts_a_thread_is_left_to_the_runs(
    engine: ForkEngine, install: Callable[[str, str], None], tmp_path: Path
) -> None:
    install(
        "threaded",
        "import queue, threading\nasked, told = queue.Queue(), queue.Queue()\n"
        "def serve():\n    while True: told.put(asked.get() * 2)\n"
        "threading.Thread(target=serve, daemon=True).start()",
    )
    cells = ("import threaded\nthreaded.asked.put(21)", ("threaded.told.get(timeout=30)", "return"))
    assert [call(engine, tmp_path, *cells).unwrap() for _ in range(3)] == [42, 42, 42]


def test_a_run_from_before_a_change_of_environment_goes_on_in_its_setup_template(
    engine: ForkEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), tmp_path / "go_on"
    os.mkfifo(go_on)
    cells = (
        ("given = 20", "setup"),
        f"print('up')\nopen({str(go_on)!r}).read()",
        ("given", "return"),
    )
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(call, engine, tmp_path, *cells, on_output=lambda *_: begun.set())
        assert begun.wait(60)
        monkeypatch.setenv("GIVEN", "yes")
        call(engine, tmp_path, "1")
        go_on.write_text("")
        assert run.result(60).unwrap() == 20
