"""In a real kernel: code waits for a person while widget messages come on any shell."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from frontends import FrontEnd

SETUP = """
import asyncio, threading, time
import ipywidgets
from nbnodes import wait_for_change, wait_for_click, yield_for_change

get_ipython().run_line_magic("load_ext", "nbnodes")
slider, button = ipywidgets.IntSlider(), ipywidgets.Button()
threads = []

def note(change):
    threads.append(threading.current_thread().name.split('-')[0])

slider.observe(note, 'value')

def observers():
    return len(slider._trait_notifiers['value']['change']) + len(button._click_handlers.callbacks)
"""

# The notebook of ipywidgets' own documentation, "Asynchronous Widgets".
ITS_WAIT = """
def wait_for_change(widget, value):
    future = asyncio.Future()
    def getvalue(change):
        future.set_result(change.new)
        widget.unobserve(getvalue, value)
    widget.observe(getvalue, value)
    return future
"""
ITS_YIELD = """
from functools import wraps
def yield_for_change(widget, attribute):
    def f(iterator):
        @wraps(iterator)
        def inner():
            i = iterator()
            def next_i(change):
                try:
                    i.send(change.new)
                except StopIteration as e:
                    widget.unobserve(next_i, attribute)
            widget.observe(next_i, attribute)
            next(i)
        return inner
    return f
"""
ASYNCHRONOUS = """
out = ipywidgets.Output()

async def f():
    for i in range(10):
        out.append_stdout('did work ' + str(i) + '\\n')
        x = await wait_for_change(slider, 'value')
        out.append_stdout('async function continued with value ' + str(x) + '\\n')
asyncio.ensure_future(f())
"""
GENERATOR = """
@yield_for_change(slider, 'value')
def f():
    for i in range(10):
        print('did work %s'%i)
        x = yield
        print('generator function continued with value %s'%x)
f()
"""
SHOWN = "print(''.join(output['text'] for output in out.outputs), end='')"


def lines(kind: str) -> str:
    """Return the twenty lines that the notebook writes for the values 1 to 10."""
    continued = f"{kind} function continued with value"
    return "".join(f"did work {i}\n{continued} {i + 1}\n" for i in range(10))


@pytest.fixture(scope="module")
def opened() -> Iterator[FrontEnd]:
    """Keep one kernel for all: what a test makes, it makes anew."""
    made = FrontEnd()
    yield made
    made.close()


@pytest.fixture
def notebook(opened: FrontEnd) -> FrontEnd:
    assert opened.run(SETUP).error == ""
    return opened


@pytest.fixture
def fresh() -> Iterator[FrontEnd]:
    """Open a kernel to which no front end has made a subshell."""
    made = FrontEnd()
    made.run(SETUP)
    yield made
    made.close()


@pytest.fixture(params=["main", "subshell"])
def shell(request: pytest.FixtureRequest, opened: FrontEnd) -> str | None:
    """Where a front end sends widget messages."""
    return None if request.param == "main" else opened.subshell()


def observed(notebook: FrontEnd, count: int, subshell: str) -> None:
    """Wait, beside the cell that runs, until so many observers are there."""
    seen = notebook.run(f"while observers() != {count}: time.sleep(0.005)", subshell=subshell)
    assert seen.error == ""


# ---------------------------------------------------------------- the notebook of ipywidgets


@pytest.mark.parametrize(
    ("its_own", "shell"),
    [("", "main"), ("", "subshell"), (ITS_WAIT, "main")],  # on a subshell its own misses values
    indirect=["shell"],
)
def test_the_asynchronous_notebook_writes_its_twenty_lines(
    notebook: FrontEnd, shell: str | None, its_own: str
) -> None:
    assert notebook.run("%gui asyncio").error == ""
    notebook.run(its_own + ASYNCHRONOUS)
    comm = notebook.comm("slider")
    for value in range(1, 12):
        notebook.handled(notebook.move(comm, value, subshell=shell))
    shown = notebook.run(f"while slider.value < 11: await asyncio.sleep(0.01)\n{SHOWN}")
    assert shown.text == lines("async")
    assert ("subshell" in notebook.run("print(threads)").text) is (shell is not None)


def test_the_asynchronous_notebook_misses_nothing_of_a_burst(notebook: FrontEnd) -> None:
    notebook.run(ASYNCHRONOUS)
    notebook.run("for value in range(1, 12): slider.value = value")
    assert notebook.run(SHOWN).text == lines("async")
    assert notebook.run("print(observers())").text == "1\n"


@pytest.mark.parametrize("its_own", ["", ITS_YIELD], ids=["ours", "its own"])
def test_the_generator_notebook_writes_its_twenty_lines(notebook: FrontEnd, its_own: str) -> None:
    written = notebook.run(
        its_own + GENERATOR + "for value in range(1, 12): slider.value = value\n"
    )
    assert (written.text, written.error) == (lines("generator"), "")


def test_what_a_generator_prints_stands_below_its_cell(
    notebook: FrontEnd, shell: str | None
) -> None:
    cell = notebook.begin(GENERATOR)
    assert notebook.ended(cell).text == "did work 0\n"
    comm = notebook.comm("slider")
    for value in range(1, 12):
        notebook.handled(notebook.move(comm, value, subshell=shell))
    notebook.until(lambda: notebook.text(cell) == lines("generator"))


def test_an_error_of_a_generator_is_shown_below_its_cell(
    notebook: FrontEnd, shell: str | None
) -> None:
    cell = notebook.begin(
        "@yield_for_change(slider)\ndef divide():\n    value = yield\n    1 / (value - 5)\ndivide()"
    )
    notebook.ended(cell)
    comm = notebook.comm("slider")
    notebook.handled(notebook.move(comm, 5, subshell=shell))
    notebook.until(lambda: notebook.error(cell) == "ZeroDivisionError: division by zero")
    assert notebook.run("print(observers())").text == "1\n"


def test_a_thread_moves_a_bar_while_cells_run(notebook: FrontEnd) -> None:
    notebook.run(
        "bar = ipywidgets.FloatProgress(max=1.0)\n"
        "def work():\n"
        "    for i in range(100): bar.value = (i + 1) / 100; half.wait() if i == 49 else None\n"
        "half = threading.Event()\n"
        "thread = threading.Thread(target=work)\n"
        "thread.start()"
    )
    waited = notebook.run("while bar.value < 0.5: await asyncio.sleep(0.01)\nprint(bar.value)")
    assert waited.text == "0.5\n"
    assert notebook.run("half.set(); thread.join(); print(bar.value)").text == "1.0\n"


# ---------------------------------------------------------------- a cell that awaits


def test_a_cell_awaits_a_change(notebook: FrontEnd, shell: str | None) -> None:
    comm = notebook.comm("slider")
    cell = notebook.begin("print('asked', flush=True)\nprint(await wait_for_change(slider))")
    notebook.until(lambda: notebook.text(cell) == "asked\n")
    notebook.move(comm, 7, subshell=shell)
    assert notebook.ended(cell).text == "asked\n7\n"
    notebook.run("")
    assert notebook.run("print(observers())").text == "1\n"


def test_a_cell_awaits_a_click(notebook: FrontEnd, shell: str | None) -> None:
    comm = notebook.comm("button")
    cell = notebook.begin("print('asked')\nprint(await wait_for_click(button) is button)")
    notebook.until(lambda: notebook.text(cell) == "asked\n")
    notebook.click(comm, subshell=shell)
    assert notebook.ended(cell).text == "asked\nTrue\n"


def test_a_cell_awaits_a_burst_of_messages(notebook: FrontEnd, shell: str | None) -> None:
    comm = notebook.comm("slider")
    cell = notebook.begin(
        "print('asked')\n"
        "print(await wait_for_change(slider))\n"
        "print([await wait_for_change(slider) for _ in range(20)])"
    )
    notebook.until(lambda: notebook.text(cell) == "asked\n")
    notebook.move(comm, 1, subshell=shell)
    # the kernel sends the first message to another thread than those that follow its answer
    notebook.until(lambda: notebook.text(cell) == "asked\n1\n")
    for value in range(2, 22):
        notebook.move(comm, value, subshell=shell)
    assert notebook.ended(cell).text == f"asked\n1\n{list(range(2, 22))}\n"


def test_a_message_that_comes_while_a_cell_awaits_is_answered(notebook: FrontEnd) -> None:
    comm = notebook.comm("slider")
    cell = notebook.begin("print('asked')\nwhile await wait_for_change(slider) < 5: pass")
    notebook.until(lambda: notebook.text(cell) == "asked\n")
    for value in range(1, 6):  # a widget sends one, and the next when that is answered
        notebook.handled(notebook.move(comm, value))
    assert notebook.ended(cell).error == ""


def test_cells_of_the_same_shell_wait_for_a_cell_that_awaits(notebook: FrontEnd) -> None:
    comm, beside = notebook.comm("slider"), notebook.subshell()
    cell = notebook.begin("print('asked')\nprint(await wait_for_change(slider))")
    below = notebook.begin("print('below', slider.value)")
    notebook.until(lambda: notebook.text(cell) == "asked\n")
    assert notebook.run("print('beside', slider.value)", subshell=beside).text == "beside 0\n"
    assert notebook.is_running(cell)
    assert not notebook.is_running(below)
    notebook.move(comm, 7)
    assert notebook.ended(below).text == "below 7\n"


def test_cells_go_on_while_a_task_awaits(notebook: FrontEnd) -> None:
    comm = notebook.comm("slider")
    notebook.run("task = asyncio.create_task(asyncio.wait_for(wait_for_change(slider), 60))")
    assert notebook.run("print('goes on', task.done())").text == "goes on False\n"
    notebook.move(comm, 7)
    assert notebook.run("print(await task)").text == "7\n"


def test_a_wait_begun_in_one_cell_is_awaited_in_another(notebook: FrontEnd) -> None:
    comm = notebook.comm("slider")
    notebook.run("later = wait_for_change(slider)")
    notebook.move(comm, 3)
    notebook.move(comm, 4)
    assert notebook.run("print(await later)").text == "3\n"
    notebook.run("del later")
    assert notebook.run("print(observers())").text == "1\n"


def test_an_interrupt_ends_a_cell_that_awaits(fresh: FrontEnd) -> None:
    notebook = fresh
    cell = notebook.begin("print('asked')\nawait wait_for_change(slider)")
    notebook.until(lambda: notebook.text(cell) == "asked\n")
    notebook.interrupt()
    assert notebook.ended(cell).error.startswith("CancelledError")
    assert notebook.run("print(observers())").text == "1\n"


def test_a_cell_that_awaited_too_long_says_so(notebook: FrontEnd) -> None:
    ended = notebook.run("await wait_for_click(button, timeout_s=0.05)")
    assert ended.error.startswith("TimeoutError: nobody clicked Button within 0.05 s: show the")


# ---------------------------------------------------------------- %block


def test_a_blocked_cell_and_those_below_go_on_when_the_widget_moves(notebook: FrontEnd) -> None:
    comm, beside = notebook.comm("slider"), notebook.subshell()
    cell = notebook.begin("%block slider\nprint('moved to', slider.value)")
    below = notebook.begin("print('below')")
    observed(notebook, 2, beside)
    notebook.move(comm, 7, subshell=beside)
    assert notebook.ended(cell).text == "moved to 7\n"
    assert notebook.ended(below).text == "below\n"
    assert notebook.run("print(observers(), threads[-1])").text == "1 subshell\n"


def test_a_cell_is_blocked_until_a_click(notebook: FrontEnd) -> None:
    comm, beside = notebook.comm("button"), notebook.subshell()
    cell = notebook.begin("%block button -t 60\nprint('clicked')")
    observed(notebook, 2, beside)
    notebook.click(comm, subshell=beside)
    assert notebook.ended(cell).text == "clicked\n"


def test_a_cell_is_blocked_until_a_function_says_so(notebook: FrontEnd) -> None:
    comm, beside = notebook.comm("slider"), notebook.subshell()
    notebook.run("asked = threading.Event()\ndef is_high(): asked.set(); return slider.value > 5")
    cell = notebook.begin("%block is_high\nprint(slider.value)")
    notebook.run("asked.wait()", subshell=beside)
    for value in (3, 4, 8):
        notebook.handled(notebook.move(comm, value, subshell=beside))
    assert notebook.ended(cell).text == "8\n"


def test_blockrun_waits_once(notebook: FrontEnd) -> None:
    comm, beside = notebook.comm("button"), notebook.subshell()
    cell = notebook.begin("%blockrun button\nprint('on')")
    observed(notebook, 2, beside)
    notebook.click(comm, subshell=beside)
    assert notebook.ended(cell).text == "on\n"
    assert notebook.run("%blockrun button\nprint('passed')").text == "passed\n"


def test_a_wait_that_was_not_granted_is_asked_for_again(notebook: FrontEnd) -> None:
    notebook.subshell()
    for _ in range(2):
        ended = notebook.run("%blockrun button -t 0.1")
        assert ended.error.startswith("TimeoutError: `%blockrun button -t 0.1`: nobody clicked")


def test_an_interrupt_ends_a_blocked_cell(notebook: FrontEnd) -> None:
    beside = notebook.subshell()
    cell = notebook.begin("%block slider")
    observed(notebook, 2, beside)
    notebook.interrupt()
    assert notebook.ended(cell).error.startswith("KeyboardInterrupt")
    assert notebook.run("print(observers())").text == "1\n"


def test_blocking_is_refused_when_messages_come_to_the_busy_shell(notebook: FrontEnd) -> None:
    comm, beside = notebook.comm("slider"), notebook.subshell()
    cell = notebook.begin("%block slider")
    observed(notebook, 2, beside)
    notebook.move(comm, 7)
    said = notebook.ended(cell).error
    assert "this front end sends widget messages to the shell that the cell keeps busy" in said
    assert "write `await nb.wait_for_change(slider)`" in said


def test_blocking_is_refused_where_no_subshell_is_made(fresh: FrontEnd) -> None:
    said = fresh.run("%block button").error
    assert "this front end has made no subshell for widget messages" in said
    assert "write `await nb.wait_for_click(button)`" in said


def test_blocking_waits_for_a_subshell_to_be_made(fresh: FrontEnd) -> None:
    comm = fresh.comm("slider")
    cell = fresh.begin("print('asked', flush=True)\n%block slider\nprint(slider.value)")
    fresh.until(lambda: fresh.text(cell) == "asked\n")
    beside = fresh.subshell()
    observed(fresh, 2, beside)
    fresh.move(comm, 7, subshell=beside)
    assert fresh.ended(cell).text == "asked\n7\n"
