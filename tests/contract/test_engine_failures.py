"""A notebook that fails is a value; a machine that fails is an error. On every engine."""

from __future__ import annotations

import math
import os
import threading
from pathlib import Path

import pytest
from cells import Run
from notebooks import CellText, markdown, notebook

from nbnodes.engines.engine import CancelToken, Engine, RunRequest
from nbnodes.engines.inprocess import InProcessEngine
from nbnodes.errors import (
    KernelDiedError,
    KernelNotFoundError,
    NotebookWarning,
    RunCancelledError,
    RunTimeoutError,
    UsageError,
)
from nbnodes.result import Failure, Result

LONG_S = 60.0


CELLS_THAT_STAY: dict[str, CellText] = {
    "swallows the interrupt": (
        "import time\nprint('up')\ntry: time.sleep(60)\nexcept KeyboardInterrupt: pass"
    ),
    "may raise": ("import time\nprint('up')\ntime.sleep(60)", "raises-exception"),
}


def test_an_exception_is_a_failure_with_its_name_text_and_place(run: Run) -> None:
    cells = (
        markdown("# Title"),
        ("1", "skip"),
        "x = 1",
        "print('before')\nx / 0",
        "print('after')",
    )
    failed = failure(run(*cells))
    assert (failed.error.ename, failed.error.evalue) == ("ZeroDivisionError", "division by zero")
    assert failed.error.cell_index == 3
    assert failed.stdout == "before\n"


def test_the_traceback_names_the_line_that_failed(run: Run) -> None:
    cells = ("def half(x):\n    return x / 0", ("half(1)", "mine"))
    error = failure(run(*cells)).error
    text = "\n".join(error.traceback)
    assert "ZeroDivisionError" in text
    assert "half" in text
    assert "return" in text
    assert error.tags == ("mine",)


def test_the_outputs_of_a_failed_run_end_with_the_error(run: Run) -> None:
    outputs = failure(run("print('a')", "1 / 0")).outputs
    assert [out["output_type"] for out in outputs] == ["stream", "error"]


def test_a_syntax_error_is_a_failure_of_its_cell(run: Run) -> None:
    error = failure(run("print('ran')", "x = = 1", ("1", "return"))).error
    assert (error.ename, error.cell_index) == ("SyntaxError", 1)


def test_a_raises_exception_cell_does_not_end_the_notebook(run: Run) -> None:
    result = run(("x = 1\n1 / 0\nx = 2", "raises-exception"), ("x", "return"))
    assert result.unwrap() == 1
    assert [out["output_type"] for out in result.outputs] == ["error", "execute_result"]


def test_a_cell_that_raises_as_ctrl_c_does_is_a_failure(run: Run) -> None:
    result = run("raise KeyboardInterrupt")
    assert isinstance(result, Failure)
    assert result.error.ename == "KeyboardInterrupt"


def test_an_exception_of_ones_own_class_is_named(run: Run) -> None:
    error = failure(run("class Broken(Exception): pass", "raise Broken('in two', 2)")).error
    assert (error.ename, error.evalue) == ("Broken", "('in two', 2)")


def test_endless_recursion_is_a_failure(run: Run) -> None:
    error = failure(run("def f(n):\n    return f(n + 1)", "f(0)")).error
    assert (error.ename, error.cell_index) == ("RecursionError", 1)


@pytest.mark.parametrize("ask", ["input('name? ')", "import getpass\ngetpass.getpass()"])
def test_asking_somebody_is_a_failure(run: Run, ask: str) -> None:
    assert failure(run(ask)).error.ename == "StdinNotImplementedError"


@pytest.mark.parametrize("leave", ["sys.exit()", "sys.exit(0)", "exit()", "quit()"])
def test_leaving_well_ends_the_notebook_without_a_value(run: Run, leave: str) -> None:
    result = run("import sys\nprint('kept')", leave, "print('later')", ("5", "return"))
    assert result.unwrap() is None
    assert [out["output_type"] for out in result.outputs] == ["stream"]
    assert result.stdout == "kept\n"


def test_leaving_well_ends_the_notebook_though_the_cell_may_raise(run: Run) -> None:
    result = run(("import sys\nsys.exit(0)", "raises-exception"), ("5", "return"))
    assert result.unwrap() is None


@pytest.mark.parametrize(("leave", "said"), [("3", "3"), ("'no input'", "no input")])
def test_leaving_with_a_code_or_a_message_is_a_failure(run: Run, leave: str, said: str) -> None:
    error = failure(run("import sys", f"sys.exit({leave})", ("5", "return"))).error
    assert (error.ename, error.evalue, error.cell_index) == ("SystemExit", said, 1)


@pytest.mark.parametrize(
    "endless",
    [
        pytest.param("while True:\n    pass", id="a loop"),
        pytest.param("import time\ntime.sleep(1000)", id="a sleep"),
    ],
)
def test_a_run_out_of_time_is_stopped_and_its_cell_named(
    run: Run, endless: str, engine: Engine
) -> None:
    timeout_s = 0.5 if engine.name == "inprocess" else 5.0  # a kernel needs some of it to start
    with pytest.raises(RunTimeoutError, match=f"notebook, cell 2: .*{timeout_s:g} s"):
        run("x = 1", endless, timeout_s=timeout_s)


def test_a_cell_out_of_its_time_is_stopped_though_the_run_has_more(
    run: Run, engine: Engine
) -> None:
    cell_timeout_s = 0.5 if engine.name == "inprocess" else 2.0
    with pytest.raises(RunTimeoutError, match=f"notebook, cell 2: .*{cell_timeout_s:g} s.*cell_t"):
        run("x = 1", "while True:\n    pass", cell_timeout_s=cell_timeout_s)


def test_each_cell_has_time_of_its_own(run: Run) -> None:
    cell = "import time\ntime.sleep(0.8)"
    assert run(cell, cell, cell, (f"{cell}\n1", "return"), cell_timeout_s=3.0).unwrap() == 1


def test_a_run_with_no_time_at_all_never_ends_well(run: Run) -> None:
    with pytest.raises(RunTimeoutError, match="notebook"):
        run("import time\ntime.sleep(2)", timeout_s=0.001)


def test_a_cell_that_swallows_interrupts_is_killed(run_isolated: Run) -> None:
    stubborn = "while True:\n    try:\n        time.sleep(1000)\n    except KeyboardInterrupt: pass"
    with pytest.raises(RunTimeoutError, match="cell 2"):
        run_isolated("import time", stubborn, timeout_s=5.0)


@pytest.mark.parametrize(
    "busy", ["while True:\n    pass", "import time\ntime.sleep(1000)"], ids=["a loop", "a sleep"]
)
def test_a_run_is_cancelled_from_another_thread(run: Run, tmp_path: Path, busy: str) -> None:
    cancel = CancelToken()
    reached = tmp_path / "reached"
    os.mkfifo(reached)

    def cancel_once_reached() -> None:
        reached.read_text()  # blocks until the notebook opens it
        cancel.cancel()

    threading.Thread(target=cancel_once_reached, daemon=True).start()
    with pytest.raises(RunCancelledError, match="notebook, cell 2"):
        run("x = 1", f"open('reached', 'w').close()\n{busy}", cancel=cancel)


@pytest.mark.parametrize("stays", CELLS_THAT_STAY)
def test_no_cell_begins_once_the_run_is_cancelled(run: Run, stays: str, tmp_path: Path) -> None:
    cancel = CancelToken()
    later = f"open({str(tmp_path / 'later')!r}, 'w').close()"

    def on_output(*_: object) -> None:
        cancel.cancel()

    with pytest.raises(RunCancelledError, match="cell 1"):
        run(CELLS_THAT_STAY[stays], later, cancel=cancel, on_output=on_output)
    assert not (tmp_path / "later").exists()


@pytest.mark.parametrize("limit_s", [3e6, 1e10, 1e18, math.inf])
@pytest.mark.parametrize("name", ["timeout_s", "cell_timeout_s"])
def test_time_may_be_limited_to_more_than_a_system_waits(
    run: Run, name: str, limit_s: float
) -> None:
    assert run("import time\ntime.sleep(0.01)", ("1", "return"), **{name: limit_s}).unwrap() == 1


@pytest.mark.parametrize("way", ["timeout_s", "cancel"])
def test_a_cell_interrupted_while_it_prints_much_is_stopped(run_isolated: Run, way: str) -> None:
    flood = "try:\n    while True: print('x' * 3_000_000)\nfinally: time.sleep(600)"
    cell = f"import time\nprint('up', flush=True)\n{flood}"
    cancel = CancelToken()
    options = {"timeout_s": 4.0} if way == "timeout_s" else {}

    def on_output(*_: object) -> None:
        if way == "cancel":
            cancel.cancel()

    with pytest.raises((RunTimeoutError, RunCancelledError)):
        run_isolated(cell, cancel=cancel, on_output=on_output, **options)


def test_a_run_cancelled_beforehand_runs_nothing(run: Run, tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(RunCancelledError, match="notebook"):
        run("open('ran', 'w').close()", cancel=cancel)
    assert not (tmp_path / "ran").exists()


def test_a_cancelled_engine_still_runs_the_next_notebook(run: Run) -> None:
    with pytest.raises(RunTimeoutError):
        run("while True: pass", timeout_s=0.5)
    assert run(("41 + 1", "return")).unwrap() == 42


@pytest.mark.parametrize(
    "die",
    [
        pytest.param("os._exit(7)", id="exit code 7"),
        pytest.param("os.kill(os.getpid(), signal.SIGKILL)", id="SIGKILL"),
        pytest.param("os.kill(os.getpid(), signal.SIGSEGV)", id="SIGSEGV"),
    ],
)
def test_a_kernel_that_dies_is_an_error_naming_the_cell(run_isolated: Run, die: str) -> None:
    with pytest.raises(KernelDiedError, match="notebook, cell 2"):
        run_isolated("import os, signal", die, ("1", "return"))


@pytest.mark.parametrize(
    ("die", "said"),
    [("os._exit(7)", "exit code 7"), ("os.kill(os.getpid(), 9)", r"SIGKILL .*memory")],
)
def test_the_kernel_engine_says_what_a_kernel_died_of(
    kernel_engine: Engine, tmp_path: Path, die: str, said: str
) -> None:
    request = RunRequest(notebook=notebook(f"import os\n{die}"), folder=str(tmp_path))
    with pytest.raises(KernelDiedError, match=said):
        kernel_engine.run(request)


def test_a_missing_python_kernel_is_replaced_with_a_warning(
    isolated_engine: Engine, tmp_path: Path
) -> None:
    made = notebook(("n = 15", "parameters"), ("n", "return"), kernel="gone-py")
    request = RunRequest(notebook=made, values={"n": 3}, folder=str(tmp_path), timeout_s=LONG_S)
    with pytest.warns(NotebookWarning, match="'gone-py' is not installed") as warned:
        result = isolated_engine.run(request)
    assert (result.unwrap(), len(warned)) == (3, 1)


def test_a_missing_kernel_of_another_language_is_an_error_naming_those_installed(
    isolated_engine: Engine, tmp_path: Path
) -> None:
    made = notebook("x <- 1", kernel="ir", language="R")
    with pytest.raises(KernelNotFoundError, match=r"'ir'.*python3"):
        isolated_engine.run(RunRequest(notebook=made, folder=str(tmp_path)))


def test_another_language_does_not_run_in_this_process(tmp_path: Path) -> None:
    made = notebook("x <- 1", kernel="ir", language="R")
    with pytest.raises(UsageError, match="engine='kernel'"):
        InProcessEngine().run(RunRequest(notebook=made, folder=str(tmp_path)))


def failure(result: Result) -> Failure:
    assert isinstance(result, Failure), result
    return result
