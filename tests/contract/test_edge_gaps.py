"""Rarer edge notebooks; where an engine does not do what it should, the mark says what it does."""

from __future__ import annotations

from typing import Any

import pytest
from cells import Run

from nbnodes.result import Failure


def on_both(**gaps: str) -> Any:
    """Run a test on both engines; on those named it is known to fail, for the reason given."""
    params = []
    for name in ("fork", "kernel"):
        known = [pytest.mark.xfail(reason=gaps[name], strict=True)] if name in gaps else []
        params.append(pytest.param(name, marks=known))
    return pytest.mark.parametrize("engine", params, indirect=True)


FORK = "import os\nchild = os.fork()\nif not child:\n    {leave}\nos.waitpid(child, 0)"
TEXTLESS = "class Odd(Exception):\n    def __str__(self):\n        raise ValueError('no text')"


@on_both(kernel="ipykernel 7.4 loses the text, and a traceback of its own stands on stderr")
def test_a_lone_surrogate_is_spelled_out(run: Run) -> None:
    result = run("print('a' + chr(0xD800) + 'b')", ("1", "return"))
    assert (result.unwrap(), result.stdout, result.stderr) == (1, "a\\ud800b\n", "")


@on_both(fork="OSError: source code not available", kernel="OSError: source code not available")
def test_a_class_of_the_notebooks_has_its_source(run: Run) -> None:
    defined = "import inspect\nclass Box:\n    size = 3"
    value = run(defined, ("inspect.getsource(Box)", "return")).unwrap()
    assert value == "class Box:\n    size = 3\n"


@on_both(
    fork="no widget state is kept in the executed notebook (papermill keeps it)",
    kernel="no widget state is kept in the executed notebook (papermill keeps it)",
)
@pytest.mark.filterwarnings("ignore:notebook imports ipywidgets")
def test_the_executed_notebook_keeps_the_state_of_its_widgets(run: Run) -> None:
    executed = run("import ipywidgets\nipywidgets.IntSlider(3)").notebook_json()
    states = executed["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    assert any(state["model_name"] == "IntSliderModel" for state in states.values())


@on_both()
def test_an_exception_group_is_a_failure(run: Run) -> None:
    result = run("raise ExceptionGroup('many', [ValueError(1)])", ("1", "return"))
    assert isinstance(result, Failure)
    assert (result.error.ename, result.error.cell_index) == ("ExceptionGroup", 0)


@on_both()
def test_an_exception_without_a_text_is_a_failure(run: Run) -> None:
    result = run(TEXTLESS, "raise Odd", ("1", "return"))
    assert isinstance(result, Failure)
    assert result.error.cell_index == 1


@on_both()
@pytest.mark.parametrize("source", ["sys.stdout.fileno()", "faulthandler.enable()"])
def test_the_standard_streams_have_a_descriptor(run: Run, source: str) -> None:
    assert run("import faulthandler, sys", f"{source};", ("1", "return")).unwrap() == 1


@pytest.mark.parametrize("engine", ["fork"], indirect=True)  # in a kernel, as in Jupyter, it hangs
@pytest.mark.parametrize("leave", ["sys.exit(0)", "sys.exit(3)", "1 / 0"])
def test_what_a_forked_child_of_the_notebooks_ends_with_is_its_own(run: Run, leave: str) -> None:
    assert run("import sys", FORK.format(leave=leave), ("1", "return")).unwrap() == 1
