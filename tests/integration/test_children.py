"""Children, forked or spawned: they start alike and end for good, whatever happens to whom.

What is one way's own is in test_fork.py and test_spawn.py; the contract of all engines holds for
both (tests/contract).
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
from notebooks import notebook
from processes import await_end, call, descendants, family_of_killed_caller

from nbnodes.engines.children import origin
from nbnodes.engines.engine import CancelToken, RunRequest
from nbnodes.engines.fork import ForkEngine, SpawnEngine
from nbnodes.errors import (
    EngineError,
    KernelDiedError,
    ParameterError,
    RunCancelledError,
    RunTimeoutError,
)
from nbnodes.result import Failure, Result

WAYS = {"fork": ForkEngine, "spawn": SpawnEngine}

USER = """\
import os, sys, threading
import psutil
from nbnodes.engines.engine import RunRequest
from nbnodes.engines.registry import open_engine
from nbnodes.notebook.reader import read
document = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
    {"cell_type": "code", "metadata": {}, "source": "[0] * 1000\\n", "outputs": []}]}
request = RunRequest(notebook=read(document), folder=sys.argv[2])
before = len(os.listdir("/proc/self/fd"))
engine = open_engine(sys.argv[1])
for _ in range(20):
    engine.run(request).unwrap()
engine.close()
left = psutil.wait_procs(psutil.Process().children(recursive=True), timeout=10)[1]
print(left, threading.active_count(), before == len(os.listdir("/proc/self/fd")))
"""


@pytest.fixture(params=WAYS)
def engine(request: pytest.FixtureRequest, others: set[psutil.Process]) -> Iterator[ForkEngine]:
    del others
    made = WAYS[request.param]()
    yield made
    made.close()


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_left_when_it_is_closed(way: str, tmp_path: Path) -> None:
    words = [sys.executable, "-c", USER, way, str(tmp_path)]
    assert subprocess.run(words, check=True, capture_output=True).stdout == b"[] 1 True\n"


@pytest.mark.parametrize("way", WAYS)
def test_no_process_outlives_a_caller_that_is_killed(way: str, tmp_path: Path) -> None:
    family = family_of_killed_caller(WAYS[way], tmp_path)
    assert len(family) >= 4  # template or guard, child, spare, and what the notebook has started
    assert await_end(family) == []


def test_it_runs_again_after_it_was_closed(engine: ForkEngine, tmp_path: Path) -> None:
    engine.close()
    assert call(engine, tmp_path, ("1", "return")).unwrap() == 1


def test_closing_it_ends_the_runs_that_go_on(engine: ForkEngine, tmp_path: Path) -> None:
    begun = threading.Event()

    def one() -> Result:
        cells = ("print('up')", "while True: pass")
        return call(engine, tmp_path, *cells, on_progress=lambda _: begun.set())

    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(one)
        assert begun.wait(60)
        engine.close()
        with pytest.raises(KernelDiedError, match="cell 2"):
            run.result(60)


def test_a_child_that_is_killed_is_an_error_and_the_next_run_is_not(
    engine: ForkEngine, tmp_path: Path
) -> None:
    suicide = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    with pytest.raises(KernelDiedError, match=r"cell 2.*SIGKILL"):
        call(engine, tmp_path, "1", suicide)
    assert call(engine, tmp_path, ("1", "return")).unwrap() == 1


def test_death_is_seen_though_a_process_of_the_notebooks_keeps_the_connection(
    engine: ForkEngine, tmp_path: Path
) -> None:
    cell = "import os, time\nif not os.fork(): time.sleep(600)\nos._exit(3)"
    with pytest.raises(KernelDiedError, match="exit code 3"):
        call(engine, tmp_path, cell, timeout_s=60.0)


@pytest.mark.parametrize("lacking", [(), ("eventfd", "waitid")])
def test_a_cell_that_does_not_want_to_stop_is_stopped(
    engine: ForkEngine, lacking: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in lacking:
        monkeypatch.delattr(os, name)
    stubborn = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
    cancel = CancelToken()
    with pytest.raises(RunCancelledError, match="cell 2"):
        call(
            engine,
            tmp_path,
            "print('up')",
            stubborn,
            cancel=cancel,
            on_progress=lambda _: cancel.cancel(),
        )
    with pytest.raises(RunTimeoutError, match="cell 1"):
        call(engine, tmp_path, stubborn, cell_timeout_s=0.2)
    assert call(engine, tmp_path, ("1", "return")).unwrap() == 1


def test_ctrl_c_in_the_terminal_is_not_the_childs(engine: ForkEngine, tmp_path: Path) -> None:
    cells = ("import os", ("(os.getpgrp(), os.getpid())", "return"))
    group, pid = call(engine, tmp_path, *cells).unwrap()
    assert group == pid != os.getpgrp()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


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
            cache.unlink()  # it is found by the second, and both were written in one
    assert call(engine, tmp_path, *cells).unwrap() is None


def test_what_a_run_imports_is_imported_ahead_of_later_ones(
    engine: ForkEngine, tmp_path: Path
) -> None:
    name = "colorsys"  # so that its import cannot be read from the code
    importing = f"import sys\nbefore = {name!r} in sys.modules\n__import__('{name}')"
    seen = [call(engine, tmp_path, importing, ("before", "return")).unwrap() for _ in range(6)]
    assert seen[0] is False
    assert seen[-1] is True


def test_a_changed_environment_reaches_the_next_run(
    engine: ForkEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = ("import os", ("os.environ.get('GIVEN')", "return"))
    assert call(engine, tmp_path, *cells).unwrap() is None
    monkeypatch.setenv("GIVEN", "yes")
    assert call(engine, tmp_path, *cells).unwrap() == "yes"


def test_children_from_before_packages_were_installed_serve_no_run(
    engine: ForkEngine,
    others: set[psutil.Process],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(origin, "package_folders", lambda: (str(tmp_path / "site-packages"),))
    (tmp_path / "site-packages").mkdir()
    call(engine, tmp_path, "1")
    before = {process.pid for process in descendants() if process not in others}
    (tmp_path / "site-packages" / "upgraded-2.0.dist-info").mkdir()
    assert call(engine, tmp_path, ("import os\nos.getpid()", "return")).unwrap() not in before


def test_what_is_written_past_python_is_captured(
    engine: ForkEngine, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = "import os, sys\nos.write(1, b'out')\nos.write(2, 'ü'.encode())\nos.system('echo sh')"
    result = call(engine, tmp_path, source)
    assert (result.stdout, result.stderr) == ("outsh\n", "ü")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("lacking", [(), ("memfd_create", "eventfd", "waitid")])
def test_large_values_cross_whole_and_can_be_changed(
    engine: ForkEngine, lacking: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in lacking:
        monkeypatch.delattr(os, name)
    given = np.arange(4e6)
    cells = (("a = None", "parameters"), "a += 1", ("[a, a[:3].copy(), a[::2].copy()]", "return"))
    one, two, three = call(engine, tmp_path, *cells, values={"a": given}).unwrap()
    one += 1
    assert (given[-1], one[-1], list(two), len(three)) == (4e6 - 1, 4e6 + 1, [1, 2, 3], 2e6)


def test_many_calls_with_accidents_all_end_truly(
    engine: ForkEngine, others: set[psutil.Process], tmp_path: Path
) -> None:
    chance = random.Random(7)
    cell = "import os, time\nif n % 5 == 1: os._exit(3)\nif n % 5 in (2, 3): time.sleep(60)"
    cells = notebook(("n = 0", "parameters"), cell, ("n", "return"))

    def one(n: int) -> object:
        cancel = CancelToken()
        if n % 5 == 2:
            threading.Timer(chance.random(), cancel.cancel).start()
        limit = {"timeout_s": 0.5} if n % 5 == 3 else {"timeout_s": 60.0}
        request = RunRequest(
            notebook=cells, values={"n": n}, folder=str(tmp_path), cancel=cancel, **limit
        )
        try:
            return engine.run(request).unwrap()
        except EngineError as error:
            return type(error)

    ends = {1: KernelDiedError, 2: RunCancelledError, 3: RunTimeoutError}
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(one, range(60)))
    assert outcomes == [ends.get(n % 5, n) for n in range(60)]
    engine.close()
    assert await_end([p for p in descendants() if p not in others]) == []


@pytest.mark.parametrize("end", ["raise SystemExit(3)", "import os\nos._exit(3)"])
def test_a_module_whose_import_ends_the_process_is_no_concern_of_other_runs(
    engine: ForkEngine, install: Callable[[str, str], None], end: str, tmp_path: Path
) -> None:
    install("ending", end)
    end_early = ("early = True", "parameters"), "if early: raise SystemExit\nimport ending"
    cells = ("import sys", *end_early, "import ending")
    assert call(engine, tmp_path, *cells).unwrap() is None
    assert call(engine, tmp_path, ("1", "return")).unwrap() == 1


def test_a_program_that_forks_has_children_of_its_own(engine: ForkEngine, tmp_path: Path) -> None:
    cells = (("n = 0", "parameters"), ("import os\n(n, os.getpid())", "return"))
    first = call(engine, tmp_path, *cells, values={"n": 1}).unwrap()
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        with os.fdopen(writing, "wb") as told:
            values = [call(engine, tmp_path, *cells, values={"n": n}).unwrap() for n in (2, 3)]
            told.write(json.dumps(values).encode())
        engine.close()
        os._exit(0)
    os.close(writing)
    mine = [call(engine, tmp_path, *cells, values={"n": n}).unwrap() for n in (4, 5)]
    with os.fdopen(reading, "rb") as told:
        other = json.loads(told.read())
    os.waitpid(pid, 0)
    mine.append(call(engine, tmp_path, *cells, values={"n": 6}).unwrap())
    assert [n for n, _ in (first, *other, *mine)] == [1, 2, 3, 4, 5, 6]
    assert len({pid for _, pid in (first, *mine)} | {pid for _, pid in other}) == 6


def test_a_run_for_which_too_many_files_are_open_is_an_error_and_others_go_on(
    engine: ForkEngine, tmp_path: Path
) -> None:
    call(engine, tmp_path, "1")
    begun, go_on = threading.Event(), tmp_path / "go_on"
    os.mkfifo(go_on)
    cells = (f"print('up')\nopen({str(go_on)!r}).read()", ("1", "return"))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(
            call, engine, tmp_path, *cells, timeout_s=60.0, on_output=lambda *_: begun.set()
        )
        assert begun.wait(60)
        used = len(os.listdir("/proc/self/fd"))
        resource.setrlimit(resource.RLIMIT_NOFILE, (used + 1, limits[1]))
        try:
            for _ in range(6):
                with suppress(EngineError):
                    call(engine, tmp_path, "1")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            go_on.write_text("")
        assert run.result(60).unwrap() == 1
    assert call(engine, tmp_path, ("1", "return")).unwrap() == 1


@pytest.mark.parametrize("limit_s", [float("inf"), 1e10, 3e6])
def test_time_limits_may_be_as_long_as_one_likes(
    engine: ForkEngine, limit_s: float, tmp_path: Path
) -> None:
    limits = {"timeout_s": limit_s, "cell_timeout_s": limit_s}
    assert call(engine, tmp_path, ("1", "return"), **limits).unwrap() == 1


class Unreadable:
    def __reduce__(self) -> tuple[object, ...]:
        raise FileNotFoundError("/nowhere")


def test_what_fails_to_be_pickled_as_a_broken_connection_would_is_told_as_what_it_is(
    engine: ForkEngine, tmp_path: Path
) -> None:
    with pytest.raises(ParameterError, match=r"n: a Unreadable.*/nowhere"):
        call(engine, tmp_path, ("n = 0", "parameters"), values={"n": Unreadable()})
    cell = "class X:\n    def __getstate__(self): open('/nowhere')\nX()"
    result = call(engine, tmp_path, (cell, "return"))
    assert isinstance(result, Failure)
    assert result.error.ename == "UntransferableValue"
