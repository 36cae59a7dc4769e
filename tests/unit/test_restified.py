"""notebook_restified's names behave as its own tables say (shared/research/seeds.md, B3)."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import nbformat
import pytest
from notebooks import SEED_FIBONACCI, CellText, document, write_notebook

from nbnodes import session as session_module
from nbnodes.errors import NotebookError, NotebookWarning, ParameterError, RunFailedError
from nbnodes.restified import KernelModel, PythonModel, execute_notebook

Kind: TypeAlias = type[PythonModel] | type[KernelModel]

BOTH = pytest.mark.parametrize("kind", [PythonModel, KernelModel])
NUMBERS = {1: 1, 2: 1, 3: 2, 4: 3, 5: 5, 6: 8, 10: 55, 15: 610}


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "NBNODES_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.chdir(tmp_path)
    yield
    if session_module._default_session.cache_info().currsize:
        session_module._default_session().close()
        session_module._default_session.cache_clear()


@pytest.fixture
def model() -> str:
    return str(write_notebook("model.ipynb", *SEED_FIBONACCI))


def made(kind: Kind, *cells: CellText) -> PythonModel | KernelModel:
    return kind(write_notebook("made.ipynb", *cells))


# ---------------------------------------------------------------- the seed's tables


@pytest.mark.parametrize(("n", "answer"), NUMBERS.items())
def test_python_model_counts(model: str, n: int, answer: int) -> None:
    value = PythonModel(model).execute({"n": n})
    assert (type(value), value) == (int, answer)


@pytest.mark.parametrize(("n", "answer"), [*NUMBERS.items()][::3])
def test_kernel_model_counts_in_numbers_too(model: str, n: int, answer: int) -> None:
    value = KernelModel(model).execute({"n": n})
    assert (type(value), value) == (int, answer)


@BOTH
@pytest.mark.parametrize(("params", "answer"), [(None, 610), ({}, 610), ({"n": "7"}, 13)])
def test_parameters_may_be_left_out_and_may_be_text(
    model: str, kind: Kind, params: dict[str, Any] | None, answer: int
) -> None:
    assert kind(model).execute(params) == answer


@pytest.mark.parametrize(("n", "answer"), NUMBERS.items())
def test_execute_notebook_counts(model: str, n: int, answer: int) -> None:
    assert execute_notebook(model, {"n": n}) == answer


def test_execute_notebook_needs_no_parameters(model: str) -> None:
    assert execute_notebook(model) == 610


def test_a_kernel_that_is_gone_is_replaced_with_a_warning() -> None:
    path = write_notebook("old.ipynb", *SEED_FIBONACCI, kernel="py36")
    assert PythonModel(path).execute({"n": 6}) == 8
    with pytest.warns(NotebookWarning, match="its kernel 'py36' is not installed") as caught:
        assert KernelModel(path).execute({"n": 6}) == 8
    assert len(caught) == 1


@BOTH
def test_skipped_cells_print_nothing(
    model: str, kind: Kind, capfd: pytest.CaptureFixture[str]
) -> None:
    stream = io.StringIO()
    kind(model, contextlib.redirect_stdout(stream)).execute()
    assert (stream.getvalue(), *capfd.readouterr()) == ("", "", "")


# ---------------------------------------------------------------- what the seed could not do


@BOTH
def test_a_failing_cell_raises(kind: Kind) -> None:
    failing = made(kind, ("n = 0", "parameters"), "1 / n", ("n", "return"))
    with pytest.raises(RunFailedError, match="cell 2: ZeroDivisionError"):
        failing.execute()
    assert failing.execute({"n": 2}) == 2


@BOTH
def test_wrong_parameters_raise(model: str, kind: Kind) -> None:
    with pytest.raises(ParameterError, match="m: there is no such parameter"):
        kind(model).execute({"m": 1})


VALUES = {
    "recursion": ("def f(n):\n    return n * f(n - 1) if n else 1", "f(5)", 120),
    "imports_in_functions": (
        "import math\ndef f():\n    return math.floor(2.5)",
        "f()",
        2,
    ),
    "comprehensions": ("k = 3", "[k * i for i in range(3)]", [0, 3, 6]),
    "magics": ("%env RESTIFIED_TEST=7", "import os\nos.environ['RESTIFIED_TEST']", "7"),
    "await": ("import asyncio\nawait asyncio.sleep(0)", "await asyncio.sleep(0, 'late')", "late"),
    "a_dict": ("", "{'a': [1, None, 2.5]}", {"a": [1, None, 2.5]}),
    "nothing": ("", "None", None),
}


@BOTH
@pytest.mark.parametrize(("source", "last", "value"), VALUES.values(), ids=VALUES)
def test_values_are_objects(kind: Kind, source: str, last: str, value: Any) -> None:
    assert made(kind, source, (last, "return")).execute() == value


@BOTH
def test_a_table_is_a_table(kind: Kind) -> None:
    import pandas as pd

    value = made(kind, ("import pandas as pd\npd.DataFrame({'a': [5]})", "return")).execute()
    pd.testing.assert_frame_equal(pd.DataFrame({"a": [5]}), value)


@BOTH
def test_calls_do_not_see_each_other(kind: Kind) -> None:
    source = "try:\n    count += 1\nexcept NameError:\n    count = 1"
    counting = made(kind, source, ("count", "return"))
    assert [counting.execute() for _ in range(3)] == [1, 1, 1]


@BOTH
def test_every_call_runs(kind: Kind) -> None:
    model = made(kind, ("import time\ntime.time_ns()", "return"))
    assert model.execute() != model.execute()


ORDER = {
    "nothing_runs_after_return": ((("1", "return"), "1 / 0"), 1),
    "the_first_return_holds": ((("1", "return"), ("2", "return")), 1),
    "skip_beats_return": ((("1", "return", "skip"), ("2", "return")), 2),
    "no_return_no_value": (("1",), None),
    "an_override_runs_without_parameters": ((("n = 1", "parameters"), ("n = 5", "override")), None),
}


@BOTH
@pytest.mark.parametrize(("cells", "value"), ORDER.values(), ids=ORDER)
def test_tags_say_what_runs(kind: Kind, cells: tuple[CellText, ...], value: Any) -> None:
    assert made(kind, *cells).execute() == value


@BOTH
def test_an_override_cell_gives_way_to_parameters(kind: Kind) -> None:
    model = made(kind, ("n = 1", "parameters"), ("n = 5", "override"), ("n", "return"))
    assert [model.execute(), model.execute({"n": 2})] == [5, 2]


# ---------------------------------------------------------------- where printed text goes


class Ordered(contextlib.AbstractContextManager[None]):
    """A stream like an ipywidgets Output: what is printed inside its block belongs to it."""

    def __init__(self) -> None:
        self.blocks: list[str] = []

    def __enter__(self) -> None:
        self._before, sys.stdout = sys.stdout, io.StringIO()

    def __exit__(self, *_: object) -> None:
        assert isinstance(sys.stdout, io.StringIO)
        self.blocks.append(sys.stdout.getvalue())
        sys.stdout = self._before


@BOTH
def test_printed_text_goes_to_the_stream(kind: Kind, capfd: pytest.CaptureFixture[str]) -> None:
    stream = Ordered()
    path = write_notebook("made.ipynb", "print('one')", "print('two')", ("3", "return"))
    model = kind(path, out_stream=stream)
    assert [model.execute(), model.execute()] == [3, 3]
    assert stream.blocks == ["one\ntwo\n"] * 2
    assert capfd.readouterr().out == ""


@BOTH
def test_what_was_printed_before_a_failure_is_shown(kind: Kind) -> None:
    stream = Ordered()
    model = kind(write_notebook("made.ipynb", "print('one')", "1 / 0"), stream)
    with pytest.raises(RunFailedError):
        model.execute()
    assert stream.blocks == ["one\n"]


@BOTH
def test_without_a_stream_printed_text_is_dropped(
    kind: Kind, capfd: pytest.CaptureFixture[str]
) -> None:
    made(kind, "print('one')").execute()
    assert capfd.readouterr().out == ""


# ---------------------------------------------------------------- sources


@BOTH
def test_a_node_is_a_source_as_a_path_is(kind: Kind) -> None:
    node = nbformat.from_dict(document(*SEED_FIBONACCI))
    assert kind(node).execute({"n": 5}) == 5
    assert execute_notebook(node, {"n": 5}) == 5


def test_a_node_without_tags_will_do() -> None:
    node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
    assert PythonModel(node).execute() is None


@pytest.mark.parametrize("name", ["PythonModel", "KernelModel"])
def test_a_model_shows_its_name(model: str, name: str) -> None:
    kind = {"PythonModel": PythonModel, "KernelModel": KernelModel}[name]
    assert repr(kind(model)) == f"<{name} model.ipynb>"


@BOTH
def test_a_notebook_that_is_not_there_is_told_at_once(kind: Kind) -> None:
    with pytest.raises(NotebookError, match="there is no such file"):
        kind("nowhere.ipynb")


def test_names_of_the_caller_are_shared_when_it_says_so() -> None:
    model = made(PythonModel, ("rate * 2", "return"))
    assert model.execute(globals={"rate": 21}) == 42
    with pytest.raises(RunFailedError, match="NameError"):
        model.execute()


def test_execute_notebook_gives_what_is_kept() -> None:
    path = write_notebook("time.ipynb", ("import time\ntime.time_ns()", "return"))
    assert execute_notebook(path) == execute_notebook(path)


def test_a_text_stream_takes_printed_text_and_stays_open() -> None:
    stream = io.StringIO()
    PythonModel(write_notebook("p.ipynb", "print('hello')"), out_stream=stream).execute()
    assert stream.getvalue() == "hello\n"


@pytest.mark.parametrize("kind", [PythonModel, KernelModel])
def test_a_switch_gives_the_text_that_the_original_gave(kind: Kind, model: str) -> None:
    assert kind(model).execute({"n": 15}, as_repr=True) == "610"
