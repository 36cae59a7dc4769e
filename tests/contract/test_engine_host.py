"""A notebook in this interpreter leaves its host's threads alone, and waits only as it may."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cells import Run
from notebooks import write_notebook

from nbnodes.engines.engine import CancelToken
from nbnodes.errors import EngineError, RunCancelledError, RunTimeoutError
from nbnodes.session import Session

SUBMIT = """\
import nbnodes
value = nbnodes.Model("inner.ipynb", session=session).submit(engine="inprocess").result().value"""


@pytest.fixture
def busy(run_inprocess: Run) -> Iterator[threading.Event]:
    """Keep the interpreter's turn taken by a run on another thread, until the event is set."""
    began, go_on = threading.Event(), threading.Event()
    shared = {"began": began, "go_on": go_on}
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(run_inprocess, "began.set()\ngo_on.wait()", globals=shared)
        assert began.wait(30)
        yield go_on
        go_on.set()
        assert first.result().ok


def test_what_other_threads_print_is_theirs(
    run_inprocess: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, answered = threading.Event(), threading.Event()

    def answer() -> None:
        asked.wait(30)
        sys.stdout.write("theirs\n")
        answered.set()

    thread = threading.Thread(target=answer)
    thread.start()
    source = "print('ours')\nasked.set()\nassert answered.wait(30)"
    result = run_inprocess(source, globals={"asked": asked, "answered": answered})
    thread.join()
    assert result.ok
    assert result.stdout == "ours\n"
    assert capsys.readouterr().out == "theirs\n"


def test_what_a_notebooks_own_threads_print_is_its_output(run: Run) -> None:
    source = (
        "import sys\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(2) as pool:\n    list(pool.map(sys.stdout.write, ('a ', 'b ')))"
    )
    assert sorted(run(source).stdout.split()) == ["a", "b"]


def test_threads_start_as_before_once_the_run_is_over(run_inprocess: Run) -> None:
    before = threading.Thread.start
    run_inprocess("1")
    assert threading.Thread.start is before


@pytest.mark.usefixtures("busy")
def test_a_run_waits_for_its_turn_no_longer_than_it_may(run_inprocess: Run) -> None:
    with pytest.raises(RunTimeoutError):
        run_inprocess("1", timeout_s=0.1)


@pytest.mark.usefixtures("busy")
def test_a_run_that_waits_for_its_turn_can_be_cancelled(run_inprocess: Run) -> None:
    cancel = CancelToken()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(run_inprocess, "1", cancel=cancel)
        cancel.cancel()
        with pytest.raises(RunCancelledError):
            waiting.result()


def test_a_notebook_may_submit_another_to_the_same_session(tmp_path: Path) -> None:
    write_notebook(tmp_path / "inner.ipynb", ("41", "return"))
    outer = write_notebook(tmp_path / "outer.ipynb", SUBMIT, ("value + 1", "return"))
    with Session(engine="inprocess", cache=False) as session:
        session.model(tmp_path / "inner.ipynb").submit().result()  # its workers are the host's
        model = session.model(outer)
        try:
            assert model.run(globals={"session": session}, timeout_s=20.0).unwrap() == 42
        except EngineError as error:
            pytest.fail(f"it waited for itself: {error}")


@pytest.mark.parametrize("ending", ["", "if not pid:\n    sys.exit(0)", "if not pid:\n    1 / 0"])
@pytest.mark.parametrize("first", ["", "%time 1\n"])
def test_a_process_that_a_cell_forks_ends_with_it(
    run_inprocess: Run, tmp_path: Path, first: str, ending: str
) -> None:
    here = os.getpid()
    forks = f"{first}import os, sys\npid = os.fork()\n{ending}"
    wait = "status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])"
    try:
        result = run_inprocess(forks, wait, ("status", "return"))
    finally:
        if os.getpid() != here:  # the copy got away
            (tmp_path / "copy").touch()
            os._exit(0)
    assert result.unwrap() == int("1 / 0" in ending)
    assert not (tmp_path / "copy").exists()


STOPPED = """\
import sys, threading
from nbnodes import NbnodesError, Session
def run():
    with Session(engine="inprocess", cache=False) as session:
        try:
            session.model("long.ipynb").run(timeout_s=0.2)
        except NbnodesError as error:
            print(type(error).__name__)
        print(session.model("shown.ipynb").run().value)
thread = threading.Thread(target=run)
thread.start()
thread.join()
"""


def test_a_run_that_was_stopped_leaves_ipython_whole(tmp_path: Path) -> None:
    """Its import, to show the interrupt, takes longer than the time until the next interrupt."""
    write_notebook(tmp_path / "long.ipynb", "while True:\n    pass")
    write_notebook(tmp_path / "shown.ipynb", "%time 1", ("2", "return"))
    words = [sys.executable, "-c", STOPPED]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["RunTimeoutError", "2"], done.stderr
