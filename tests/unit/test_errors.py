"""Errors form the drawn tree, tell everything at once, and survive another process."""

from __future__ import annotations

import multiprocessing
import pickle
import re
from concurrent.futures import ProcessPoolExecutor

import pytest
from notebooks import write_notebook

from nbnodes import errors
from nbnodes.errors import (
    GraphError,
    NbnodesError,
    NbnodesWarning,
    NotebookError,
    NotebookWarning,
    ParameterError,
    RunFailedError,
    SettingsError,
)
from nbnodes.result import CellError, Failure
from nbnodes.session import Model

FAILURE = Failure(
    name="prices.ipynb",
    engine="kernel",
    error=CellError(ename="ValueError", evalue="no prices", cell_index=2),
)
OTHERS = [
    kind("what happened, where, what to do")
    for kind in vars(errors).values()
    if isinstance(kind, type)
    and issubclass(kind, NbnodesError | NbnodesWarning)
    and kind not in (GraphError, NotebookError, ParameterError, SettingsError, RunFailedError)
]
ERRORS = [
    NotebookError("prices.ipynb", ["cells[0]: expected an object", "metadata: expected an object"]),
    GraphError("graph", ["trend: window is no int"]),
    ParameterError("prices.ipynb", ["start: it has no default, so give it a value"]),
    SettingsError(["workers = 0: expected 1 or more"]),
    RunFailedError(FAILURE, "prices.ipynb, cell 3: ValueError: no prices"),
    *OTHERS,
]
NAMES = [type(error).__name__ for error in ERRORS]


def test_the_drawn_tree_is_the_classes():
    classes = {
        name: kind.__bases__[0].__name__
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and kind.__module__ == errors.__name__
    }
    assert _drawn(errors.__doc__ or "") == classes


def test_one_problem_is_told_in_one_line():
    expected = "the settings are wrong: workers = 0: expected 1 or more"
    assert expected == str(SettingsError(["workers = 0: expected 1 or more"]))


def test_several_problems_are_listed():
    expected = "f.ipynb cannot run with these parameters:\n  - n: not a number\n  - m: unknown"
    assert expected == str(ParameterError("f.ipynb", ["n: not a number", "m: unknown"]))


def test_problems_can_be_given_as_any_iterable():
    assert NotebookError("f.ipynb", iter("ab")).problems == ("a", "b")


@pytest.mark.parametrize("error", ERRORS, ids=NAMES)
def test_pickling_keeps_type_text_and_attributes(error):
    back = pickle.loads(pickle.dumps(error))
    assert (type(error), str(error), vars(error)) == (type(back), str(back), vars(back))


def test_errors_arrive_from_another_process():
    spawn = multiprocessing.get_context("spawn")
    raised = [error for error in ERRORS if isinstance(error, NbnodesError)]
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        arrived = [pool.submit(_raise, error).exception() for error in raised]
    assert [(type(e), str(e)) for e in raised] == [(type(e), str(e)) for e in arrived]


def _raise(error: Exception) -> None:
    raise error


_DRAWN = re.compile(r" {4}([│├└─ ]*)([A-Z]\w+(?:Error|Warning))(?: \(a (\w+)\))?(?: {2,}|$)")


def _drawn(docstring: str) -> dict[str, str]:
    """Read the drawing: each class with the one it hangs from."""
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in docstring.splitlines():
        found = _DRAWN.match(line)
        if found:
            depth = len(found[1]) // 4
            path[depth:] = [found[2]]
            parents[found[2]] = path[depth - 1] if depth else found[3] or "Exception"
    return parents


def test_a_warning_points_at_the_callers_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_notebook("n.ipynb", ("1", "return"))
    with pytest.warns(NotebookWarning) as told:
        Model("n.ipynb").run(n=1, engine="inprocess", cache=False)
    assert [warning.filename for warning in told] == [__file__]
