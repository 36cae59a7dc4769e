"""The fork engine: children start alike and end for good, whatever happens to whom."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from notebooks import CellText, notebook

from nbnodes.engines.children import origin
from nbnodes.engines.engine import CancelToken, RunRequest
from nbnodes.engines.fork import ForkEngine
from nbnodes.errors import EngineError, KernelDiedError, RunCancelledError, RunTimeoutError
from nbnodes.result import Result

CALLER = """\
import sys
from nbnodes.engines.children import origin
from nbnodes.engines.engine import RunRequest
from nbnodes.engines.fork import ForkEngine
from nbnodes.notebook.reader import read
document = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
    {"cell_type": "code", "metadata": {}, "source": "print(1)\\nwhile True: pass", "outputs": []}]}
engine = ForkEngine()
engine.run(RunRequest(notebook=read(document), folder=sys.argv[1], on_progress=print))
"""

USER = """\
import os, sys, threading
import psutil
from nbnodes.engines.children import origin
from nbnodes.engines.engine import RunRequest
from nbnodes.engines.fork import ForkEngine
from nbnodes.notebook.reader import read
document = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
    {"cell_type": "code", "metadata": {}, "source": "[0] * 1000\\n", "outputs": []}]}
request = RunRequest(notebook=read(document), folder=sys.argv[1])
before = len(os.listdir("/proc/self/fd"))
engine = ForkEngine()
for _ in range(50):
    engine.run(request).unwrap()
engine.close()
left = psutil.wait_procs(psutil.Process().children(recursive=True), timeout=10)[1]
print(left, threading.active_count(), before == len(os.listdir("/proc/self/fd")))
"""


@pytest.fixture
def others() -> set[psutil.Process]:
    """Processes that other tests' engines keep."""
    return set(descendants())


@pytest.fixture
def engine(others: set[psutil.Process]) -> Iterator[ForkEngine]:
    del others
    made = ForkEngine()
    yield made
    made.close()


def call(engine: ForkEngine, folder: Path, *cells: CellText, **options: object) -> Result:
    request = RunRequest(notebook=notebook(*cells), folder=str(folder), **options)  # type: ignore[arg-type]
    return engine.run(request)


def descendants() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def template_of(others: set[psutil.Process]) -> psutil.Process:
    (template,) = [p for p in psutil.Process().children() if p not in others and p.children()]
    return template


def await_end(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Return those that are still alive after they had their time to end."""
    return psutil.wait_procs(processes, timeout=10)[1]


def test_nothing_is_left_when_it_is_closed(tmp_path: Path) -> None:
    words = [sys.executable, "-c", USER, str(tmp_path)]
    assert subprocess.run(words, check=True, capture_output=True).stdout == b"[] 1 True\n"


def test_it_runs_again_after_it_was_closed(engine: ForkEngine, tmp_path: Path) -> None:
    engine.close()
    assert call(engine, tmp_path, ("1", "return")).unwrap() == 1


def test_a_killed_template_is_replaced(
    engine: ForkEngine, others: set[psutil.Process], tmp_path: Path
) -> None:
    call(engine, tmp_path, "1")
    template = template_of(others)
    family = [template, *template.children()]
    template.kill()
    assert await_end(family) == []
    assert call(engine, tmp_path, ("1", "return")).unwrap() == 1


def test_a_child_that_is_killed_is_an_error_and_the_next_run_is_not(
    engine: ForkEngine, tmp_path: Path
) -> None:
    suicide = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    with pytest.raises(KernelDiedError, match=r"cell 2.*SIGKILL"):
        call(engine, tmp_path, "1", suicide)
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


def test_no_process_outlives_a_caller_that_is_killed(tmp_path: Path) -> None:
    caller = subprocess.Popen([sys.executable, "-c", CALLER, str(tmp_path)])
    process = psutil.Process(caller.pid)
    family: list[psutil.Process] = []
    while len(family) < 3 and caller.poll() is None:
        family = process.children(recursive=True)
    caller.kill()
    caller.wait()
    assert len(family) >= 3
    assert await_end(family) == []


def test_every_child_draws_numbers_of_its_own(engine: ForkEngine, tmp_path: Path) -> None:
    draw = "import random\nimport numpy as np\n(random.random(), np.random.rand())"
    drawn = [call(engine, tmp_path, (draw, "return")).unwrap() for _ in range(3)]
    assert len({one for one, _ in drawn}) == len({other for _, other in drawn}) == 3


def test_a_module_beside_the_notebook_hides_an_installed_one_and_is_read_anew(
    engine: ForkEngine, tmp_path: Path
) -> None:
    (tmp_path / "there").mkdir()
    cells = ("import colorsys", ("getattr(colorsys, 'MINE', None)", "return"))
    assert call(engine, tmp_path, *cells).unwrap() is None
    for text in ("MINE = 1", "MINE = 2"):
        (tmp_path / "there" / "colorsys.py").write_text(text)
        assert call(engine, tmp_path / "there", *cells).unwrap() == int(text[-1])
        for cache in (tmp_path / "there").glob("__pycache__/*"):
            cache.unlink()
    assert call(engine, tmp_path, *cells).unwrap() is None


def test_a_changed_environment_reaches_the_next_run(
    engine: ForkEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = ("import os", ("os.environ.get('GIVEN')", "return"))
    assert call(engine, tmp_path, *cells).unwrap() is None
    monkeypatch.setenv("GIVEN", "yes")
    assert call(engine, tmp_path, *cells).unwrap() == "yes"


def test_packages_installed_meanwhile_reach_the_next_run(
    engine: ForkEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(origin, "package_folders", lambda: (str(tmp_path / "site-packages"),))
    (tmp_path / "site-packages").mkdir()
    cells = ("import os", ("os.getppid()", "return"))
    first, second = (call(engine, tmp_path, *cells).unwrap() for _ in range(2))
    (tmp_path / "site-packages" / "upgraded-2.0.dist-info").mkdir()
    assert first == second != call(engine, tmp_path, *cells).unwrap()


def test_what_is_written_past_python_is_captured(
    engine: ForkEngine, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = "import os, sys\nos.write(1, b'out')\nos.write(2, 'ü'.encode())\nos.system('echo sh')"
    result = call(engine, tmp_path, source)
    assert (result.stdout, result.stderr) == ("outsh\n", "ü")
    assert capfd.readouterr() == ("", "")


def test_large_tables_come_back_whole_and_can_be_changed(
    engine: ForkEngine, tmp_path: Path
) -> None:
    cells = ("import numpy as np", ("[np.arange(1e6), np.ones(3), np.zeros(100_000)]", "return"))
    one, two, three = call(engine, tmp_path, *cells).unwrap()
    one += 1
    assert (one[-1], two.sum(), three.sum()) == (1e6, 3, 0)


def test_many_calls_with_accidents_all_end_truly(
    engine: ForkEngine, others: set[psutil.Process], tmp_path: Path
) -> None:
    chance = random.Random(7)
    cell = "import os, time\nif n % 5 == 1: os._exit(3)\nif n % 5 in (2, 3): time.sleep(60)"
    cells = notebook(("n = 0", "parameters"), cell, ("n", "return"))

    def one(n: int) -> object:
        cancel = CancelToken()
        if n % 5 == 2:
            threading.Timer(chance.random() / 20, cancel.cancel).start()
        limit = {"timeout_s": 0.05} if n % 5 == 3 else {"timeout_s": 60.0}
        request = RunRequest(
            notebook=cells, values={"n": n}, folder=str(tmp_path), cancel=cancel, **limit
        )
        try:
            return engine.run(request).unwrap()
        except EngineError as error:
            return type(error)

    ends = {1: KernelDiedError, 2: RunCancelledError, 3: RunTimeoutError}
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(one, range(120)))
    assert outcomes == [ends.get(n % 5, n) for n in range(120)]
    engine.close()
    assert await_end([p for p in descendants() if p not in others]) == []


def test_ctrl_c_in_the_terminal_is_not_the_childs(engine: ForkEngine, tmp_path: Path) -> None:
    child = call(engine, tmp_path, ("import os\n(os.getpgrp(), os.getpid())", "return")).unwrap()
    assert child[0] == child[1] != os.getpgrp()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_memory_that_a_run_takes_is_expected_of_the_next(
    engine: ForkEngine, tmp_path: Path
) -> None:
    call(engine, tmp_path, "taken = b'x' * 300_000_000")
    template = engine._template
    assert template
    with template._changed:  # it is told once the child has been reaped
        template._changed.wait_for(lambda: template.expected_bytes > 0, 10)
    assert 200_000_000 < template.expected_bytes < 500_000_000
