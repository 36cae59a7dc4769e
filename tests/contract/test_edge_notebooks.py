"""Edge notebooks, one claim each: what cells run, show and end with, in fork and in a kernel."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cells import Run

from nbnodes.errors import KernelDiedError, RunTimeoutError
from nbnodes.result import Failure, Result

pytestmark = pytest.mark.parametrize("engine", ["fork", "kernel"], indirect=True)

LATER = """\
import asyncio
async def later():
    await asyncio.sleep(0)
    return 5
"""
STUBBORN = """\
import time
while True:
    try:
        time.sleep(1000)
    except KeyboardInterrupt:
        pass
"""
ASK = {"input": "input('name? ')", "getpass": "import getpass\ngetpass.getpass()"}
DIE = {
    "os._exit": ("import os\nos._exit(7)", "exit code 7"),
    "a crash in C": ("import ctypes\nctypes.string_at(0)", "SIGSEGV"),
    "an alarm nobody handles": ("import signal\nsignal.raise_signal(signal.SIGALRM)", "SIGALRM"),
}


def test_await_works_at_top_level(run: Run) -> None:
    assert run(LATER, ("await later()", "return")).unwrap() == 5


def test_async_for_and_async_with_work_at_top_level(run: Run) -> None:
    defined = (
        "import contextlib\n@contextlib.asynccontextmanager\nasync def opened():\n    yield 'x'\n"
        "async def each():\n    yield 1\n    yield 2"
    )
    block = "async with opened() as x:\n    pass\nseen = [n async for n in each()]"
    assert run(defined, block, ("(x, seen)", "return")).unwrap() == ("x", [1, 2])


def test_asyncio_run_fails_as_in_jupyter_where_a_loop_runs_already(run: Run) -> None:
    failed = failure(run(LATER, "asyncio.run(later())"))
    assert (failed.error.ename, failed.error.cell_index) == ("RuntimeError", 1)
    assert "running event loop" in failed.error.evalue


def test_asyncio_run_works_in_a_thread_of_the_notebooks(run: Run) -> None:
    threaded = "await asyncio.to_thread(lambda: asyncio.run(later()))"
    assert run(LATER, (threaded, "return")).unwrap() == 5


def test_a_task_of_one_cell_is_awaited_in_the_next(run: Run) -> None:
    assert run(LATER, "task = asyncio.create_task(later())", ("await task", "return")).unwrap() == 5


def test_matplotlib_inline_may_be_asked_for(run: Run) -> None:
    assert run("%matplotlib inline", ("1", "return")).unwrap() == 1


def test_a_shell_command_prints_and_gives_its_lines(run: Run) -> None:
    result = run("!echo printed", "lines = !echo a; echo b", ("list(lines)", "return"))
    assert (result.unwrap(), result.stdout.split()) == (["a", "b"], ["printed"])


def test_the_sx_magic_gives_lines(run: Run) -> None:
    assert run("lines = %sx echo a; echo b", ("list(lines)", "return")).unwrap() == ["a", "b"]


def test_a_bash_cell_prints_to_both_streams(run: Run) -> None:
    result = run("%%bash\necho out\necho err >&2")
    assert (result.stdout, result.stderr) == ("out\n", "err\n")


def test_a_bash_cell_that_fails_is_a_failure(run: Run) -> None:
    assert failure(run("%%bash\nexit 3")).error.ename == "CalledProcessError"


def test_a_timed_cell_keeps_its_names_and_says_its_time(run: Run) -> None:
    result = run("%%time\nx = 1", ("x", "return"))
    assert result.unwrap() == 1
    assert "Wall time" in result.stdout


def test_a_display_updated_later_shows_its_last_state_where_it_was(run: Run) -> None:
    shown = "handle = display('a', display_id=True)\nprint('below')"
    result = run(shown, "handle.update('b')")
    assert [output.get("text") or output["data"]["text/plain"] for output in result.outputs] == [
        "'b'",
        "below\n",
    ]


def test_a_plot_is_shown_once_as_png_and_text(run: Run) -> None:
    (shown,) = run("import matplotlib.pyplot as plt\nplt.plot([1, 2]);").outputs
    assert shown["output_type"] == "display_data"
    assert set(shown["data"]) == {"image/png", "text/plain"}
    assert base64.b64decode(shown["data"]["image/png"]).startswith(b"\x89PNG")


def test_an_error_keeps_what_its_cell_had_shown(run: Run) -> None:
    failed = failure(run("x = 1", ("print('a')\ndisplay(x)\nx / 0", "mine"), "print('later')"))
    error = failed.error
    assert (error.ename, error.evalue) == ("ZeroDivisionError", "division by zero")
    assert (error.cell_index, error.tags) == (1, ("mine",))
    kinds = ["stream", "display_data", "error"]
    assert kinds == [output["output_type"] for output in failed.outputs]
    cells = failed.notebook_json()["cells"]
    assert kinds == [output["output_type"] for output in cells[1]["outputs"]]
    assert cells[2]["outputs"] == []


def test_sys_exit_0_ends_the_notebook_well(run: Run) -> None:
    result = run("print('a')", "import sys\nsys.exit(0)", ("1", "return"))
    assert (result.unwrap(), result.stdout) == (None, "a\n")


def test_sys_exit_3_is_a_failure(run: Run) -> None:
    error = failure(run("import sys\nsys.exit(3)", ("1", "return"))).error
    assert (error.ename, error.evalue) == ("SystemExit", "3")


@pytest.mark.parametrize("name", DIE)
def test_a_process_that_dies_is_an_error_and_the_next_run_is_well(run: Run, name: str) -> None:
    die, cause = DIE[name]
    with pytest.raises(KernelDiedError, match=f"cell 1: .* {cause}"):
        run(die, ("1", "return"))
    assert run(("1", "return")).unwrap() == 1


def test_an_endless_loop_ends_at_its_deadline(run: Run) -> None:
    with pytest.raises(RunTimeoutError, match="cell 1"):
        run("while True:\n    pass", cell_timeout_s=0.5)


def test_a_loop_that_swallows_interrupts_ends_too(run: Run) -> None:
    with pytest.raises(RunTimeoutError, match="cell 1"):
        run(STUBBORN, cell_timeout_s=0.5)


@pytest.mark.parametrize("ask", ASK)
def test_asking_somebody_fails_at_once(run: Run, ask: str) -> None:
    assert failure(run(ASK[ask])).error.ename == "StdinNotImplementedError"


def test_fifty_megabytes_of_print_are_cut_and_said_to_be(run: Run) -> None:
    result = run("for _ in range(50):\n    print('x' * 999_999)", ("1", "return"))
    assert (result.unwrap(), len(result.stdout)) == (1, 10_000_000)
    assert "output cut at 10.0 MB; 40.0 MB more were dropped" in result.stderr


def test_what_is_written_past_python_is_captured_and_not_echoed(
    run: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    result = run(
        "import os, subprocess",
        "os.system('echo shell; echo shell >&2');",
        "os.write(1, b'descriptor\\n');",
        "subprocess.run(['echo', 'child']);",
    )
    assert result.stdout.split() == ["shell", "descriptor", "child"]
    assert result.stderr == "shell\n"
    assert capfd.readouterr() == ("", "")


def test_what_a_thread_prints_while_cells_run_is_kept(run: Run) -> None:
    start = "import threading\nthread = threading.Thread(target=print, args=('mine',))"
    assert run(start, "thread.start()", "thread.join()").stdout == "mine\n"


def test_a_thread_that_would_print_after_the_last_cell_delays_nothing(
    run: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    late = "def late():\n    threading.main_thread().join()\n    print('late')"
    start = f"import threading\n{late}\nthreading.Thread(target=late).start()"
    result = run(start, ("1", "return"))
    assert (result.unwrap(), result.stdout) == (1, "")
    assert capfd.readouterr() == ("", "")


@pytest.mark.filterwarnings("ignore:notebook imports ipywidgets")
def test_a_widget_is_shown_as_a_view_with_its_text(run: Run) -> None:
    make = "import ipywidgets\nslider = ipywidgets.IntSlider(3)\nslider"
    result = run(make, ("slider.value", "return"))
    shown: Any = result.outputs[0]
    assert (result.unwrap(), shown["data"]["text/plain"]) == (3, "IntSlider(value=3)")
    assert "model_id" in shown["data"]["application/vnd.jupyter.widget-view+json"]


def failure(result: Result) -> Failure:
    assert isinstance(result, Failure), result
    return result
