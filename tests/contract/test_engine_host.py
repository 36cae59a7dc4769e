"""A notebook in this interpreter leaves its host's threads alone, and waits only as it may."""

from __future__ import annotations

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
