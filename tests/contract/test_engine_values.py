"""Parameters go in and the value comes out as the objects they are, on every engine."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from cells import Run, run_cells
from matplotlib.figure import Figure

from nbnodes.engines.engine import Engine
from nbnodes.errors import NbnodesError, ParameterError
from nbnodes.result import Failure, Result, Success

IMPORTS = """\
import datetime, decimal, fractions, math, pathlib, uuid
import numpy as np
import pandas as pd
"""
EXPRESSIONS = {
    "integer": "15",
    "integer_of_many_digits": "10**40",
    "float": "0.1 + 0.2",
    "negative_zero": "-0.0",
    "nan": "float('nan')",
    "infinity": "float('inf')",
    "complex": "1 + 2j",
    "none": "None",
    "flag": "True",
    "text": r"""'naïve \'quoted\' "text" \\ \n \x00 $HOME {x}'""",
    "text_like_a_number": "'1'",
    "bytes": r"b'\x00\xff'",
    "list": "[1, None, [2.5, 'x']]",
    "tuple": "(1, (2, 3))",
    "set": "{1, 2}",
    "dict": "{'b': {'c': None}, 'a': [1]}",
    "dict_of_integers": "{1: 'a', 2: 'b'}",
    "date": "datetime.date(2024, 2, 29)",
    "moment": "datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone.utc)",
    "decimal": "decimal.Decimal('0.10')",
    "fraction": "fractions.Fraction(1, 3)",
    "path": "pathlib.PurePosixPath('/a/b')",
    "uuid": "uuid.UUID(int=7)",
    "numpy_scalar": "np.int16(7)",
    "array": "np.arange(6, dtype='int16').reshape(2, 3)",
    "array_of_many_bytes": "np.arange(1_000_000, dtype='float64')",
    "frame": "pd.DataFrame({'a': [1, 2], 'b': ['x', None]}, index=[10, 20])",
    "frame_over_time": "pd.DataFrame({'v': [1.5, None]}, pd.date_range('2024', periods=2))",
    "series": "pd.Series([1, 2], name='s')",
}
SPACE: dict[str, Any] = {}
exec(IMPORTS, SPACE)
EXPECTED = {name: eval(expression, SPACE) for name, expression in EXPRESSIONS.items()}

CLASSES = """\
import math
from dataclasses import dataclass

@dataclass(frozen=True)
class Point:
    x: int
    y: int = 4

class Segment:
    def __init__(self, end):
        self.end = end
    def length(self):
        return math.hypot(self.end.x, self.end.y)
"""


@pytest.fixture(scope="module")
def parameters_seen(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return the parameters as the notebook handed them back."""
    defaults = "\n".join(f"{name} = 'default'" for name in EXPECTED)
    back = "{" + ", ".join(f"{name!r}: {name}" for name in EXPECTED) + "}"
    folder = tmp_path_factory.mktemp("parameters")
    cells = ((defaults, "parameters"), (back, "return"))
    return run_cells(engine, folder, *cells, values=EXPECTED).unwrap()


@pytest.fixture(scope="module")
def values_returned(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return the values as a notebook makes them itself."""
    made = "{" + ", ".join(f"{name!r}: {text}" for name, text in EXPRESSIONS.items()) + "}"
    folder = tmp_path_factory.mktemp("values")
    return run_cells(engine, folder, IMPORTS, (made, "return")).unwrap()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_parameter_arrives_as_the_object_it_is(parameters_seen: Any, name: str) -> None:
    assert_same(EXPECTED[name], parameters_seen[name])


@pytest.mark.parametrize("name", EXPECTED)
def test_a_value_arrives_as_the_object_it_is(values_returned: Any, name: str) -> None:
    assert_same(EXPECTED[name], values_returned[name])


def test_an_instance_of_a_notebook_class_returns_and_goes_in_again(run: Run) -> None:
    made = run(CLASSES, ("{'point': Point(3), 'segment': Segment(Point(3))}", "return")).unwrap()
    point, segment = made["point"], made["segment"]
    assert dataclasses.asdict(point) == {"x": 3, "y": 4}
    assert repr(point) == "Point(x=3, y=4)"
    assert segment.end == point
    assert segment.length() == 5.0
    again = run(
        ("segment = None", "parameters"),
        ("segment.length() + segment.end.x", "return"),
        values={"segment": segment},
    )
    assert again.unwrap() == 8.0


def test_an_instance_of_a_class_beside_the_notebook_returns(run: Run, tmp_path: Path) -> None:
    (tmp_path / "shapes.py").write_text(
        "class Square:\n    side = 3\n    def area(self): return 9\n"
    )
    square = run("import shapes", ("shapes.Square()", "return")).unwrap()
    assert (square.side, square.area()) == (3, 9)


def test_a_returned_function_can_be_called(run: Run) -> None:
    made = "import math\nscale = 10\ndef area(r):\n    return scale * math.floor(r)"
    area = run(made, ("area", "return")).unwrap()
    assert area(3.7) == 30


def test_a_figure_goes_in_and_returns(run: Run) -> None:
    figure = Figure()
    figure.subplots().set_title("given")
    title = "figure.axes[0].set_title(figure.axes[0].get_title() + ' and returned')"
    result = run(
        ("figure = None", "parameters"), title, ("figure", "return"), values={"figure": figure}
    )
    assert isinstance(result.unwrap(), Figure)
    assert result.unwrap().axes[0].get_title() == "given and returned"


def test_a_pyplot_figure_returns_and_stays_out_of_the_callers_pyplot(run: Run) -> None:
    before = plt.get_fignums()
    draw = "import matplotlib.pyplot as plt\nfigure, axes = plt.subplots()\naxes.plot([1, 3, 2])"
    figure = run((f"{draw}\nfigure", "return")).unwrap()
    assert list(figure.axes[0].lines[0].get_ydata()) == [1, 3, 2]
    assert before == plt.get_fignums()


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        pytest.param(["41"], None, id="no return cell"),
        pytest.param([("x = 41", "return")], None, id="a return cell without an expression"),
        pytest.param([("41;", "return")], 41, id="a return cell with a semicolon"),
        pytest.param([("x = 40\nx + 1\n# done", "return")], 41, id="the last expression"),
        pytest.param([("print(1)", "return")], None, id="a call that gives None"),
        pytest.param(["async def f(): return 41", ("await f()", "return")], 41, id="awaited"),
        pytest.param([("%%time\n41", "return")], 41, id="under a cell magic that runs Python"),
    ],
)
def test_the_value_is_what_the_return_cell_evaluates_to(
    run: Run, cells: list[Any], expected: Any
) -> None:
    assert expected == run(*cells).unwrap()


def test_a_value_that_cannot_leave_is_a_failure_naming_its_type(
    run_isolated: Run,
) -> None:
    result = run_isolated("x = 1", ("(i for i in range(3))", "return"))
    assert isinstance(result, Failure)
    assert (result.error.ename, result.error.cell_index) == ("UntransferableValue", 1)
    assert "generator" in result.error.evalue


def test_what_belongs_to_its_process_is_a_failure(run_isolated: Run) -> None:
    for source in ("open('f', 'w')", "memoryview(b'x')"):
        result = run_isolated((source, "return"))
        assert isinstance(result, Failure)
        assert "belongs to its process" in result.error.evalue


def test_a_notebook_does_not_change_its_callers_values(run: Run) -> None:
    given = {"xs": [1]}
    result = run(("xs = [0]", "parameters"), ("xs.append(5)\nxs", "return"), values=given)
    assert (result.unwrap(), given) == ([1, 5], {"xs": [1]})
    assert result.notebook_json()["metadata"]["papermill"]["parameters"] == {"xs": [1]}


ENUM = "import enum\nclass Colour(enum.Enum):\n    RED = 'red'\n    BLUE = 'blue'"


def test_text_for_an_enum_of_the_notebooks_becomes_its_member(run: Run) -> None:
    cells = (ENUM, ("c: Colour = Colour.RED", "parameters"), ("c is Colour.BLUE", "return"))
    assert run(*cells, values={"c": "blue"}).unwrap() is True
    assert run(*cells).unwrap() is False


def test_a_value_need_not_leave_the_process(run_inprocess: Run) -> None:
    assert list(run_inprocess(("(i for i in range(3))", "return")).unwrap()) == [0, 1, 2]


def test_a_value_whose_loading_fails_is_a_failure(run_isolated: Run) -> None:
    trap = (
        "def fail():\n    raise LookupError('on arrival')\n"
        "class Trap:\n    def __reduce__(self):\n        return fail, ()"
    )
    result = run_isolated(trap, ("Trap()", "return"))
    assert isinstance(result, Failure)
    assert "on arrival" in result.error.evalue


def test_a_parameter_that_cannot_leave_the_caller_is_refused_by_name(run_isolated: Run) -> None:
    endless = (i for i in range(3))
    with pytest.raises(ParameterError, match=r"endless: a generator"):
        run_isolated(("endless = 1", "parameters"), values={"endless": endless, "fine": 1})


def test_a_parameter_that_the_kernel_cannot_load_is_refused(
    run_isolated: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "only_the_caller_has_this.py").write_text("class Thing:\n    x = 1\n")
    monkeypatch.syspath_prepend(elsewhere)
    import only_the_caller_has_this  # type: ignore[import-not-found]

    given = {"thing": only_the_caller_has_this.Thing()}
    with pytest.raises(NbnodesError, match="only_the_caller_has_this"):
        run_isolated(("thing = None", "parameters"), ("thing.x", "return"), values=given)


def test_names_are_shared_in_this_process(run_inprocess: Run) -> None:
    shared: list[int] = []
    result: Result = run_inprocess(
        "shared.append(1)", ("shared", "return"), globals={"shared": shared}
    )
    assert isinstance(result, Success)
    assert shared is result.value
    assert shared == [1]


def assert_same(expected: Any, actual: Any) -> None:
    assert type(expected) is type(actual)
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(expected, actual, check_freq=False)
    elif isinstance(expected, pd.Series):
        pd.testing.assert_series_equal(expected, actual)
    elif isinstance(expected, np.ndarray):
        assert expected.dtype == actual.dtype
        np.testing.assert_array_equal(expected, actual)
    elif isinstance(expected, float):
        assert math.isnan(expected) == math.isnan(actual)
        assert repr(expected) == repr(actual)
    elif isinstance(expected, dt.datetime):
        assert (expected, expected.tzinfo) == (actual, actual.tzinfo)
    else:
        assert expected == actual


def test_a_value_leaves_a_folder_that_is_no_more(run: Run) -> None:
    gone = "import os, tempfile\nos.chdir(tempfile.mkdtemp())\nos.rmdir(os.getcwd())"
    assert run(gone, ("1", "return")).unwrap() == 1
