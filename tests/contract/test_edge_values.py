"""Values of many types go into a notebook and come out of it the same, in fork and in a kernel."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cells import Run, run_cells

from nbnodes.engines.engine import Engine

pytestmark = pytest.mark.parametrize("engine", ["fork", "kernel"], indirect=True)

IMPORTS = """\
import datetime as dt, decimal, pathlib, zoneinfo
import numpy as np
import pandas as pd
"""
EXPRESSIONS = {
    "a tuple": "(1, ('x', None), ())",
    "a set": "{1, 'x', (2, 3)}",
    "bytes": r"b'\x00\xff\n'",
    "a complex number": "complex(0.1, -2)",
    "a decimal": "decimal.Decimal('1.10')",
    "a date": "dt.date(2024, 2, 29)",
    "a moment in a zone": (
        "dt.datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=zoneinfo.ZoneInfo('Europe/Berlin'))"
    ),
    "a path": "pathlib.Path('a') / 'b.txt'",
    "an array": "np.array([[1, 2], [3, -4]], dtype='int16')",
    "a table": (
        "pd.DataFrame({'whole': [1, 2], 'real': [0.5, None], 'text': ['x', None], "
        "'flag': [True, False], 'kind': pd.Categorical(['a', 'b']), "
        "'at': pd.to_datetime(['2024-02-29', None]), 'any': [(1, 2), {'k': 1}]}, "
        "index=pd.Index(['r', 's'], name='row'))"
    ),
    "a numpy flag": "np.bool_(True)",
    "a dict with integers for keys": "{2: 'b', 1: {0: None}}",
    "a big integer": "-(10**300) + 1",
    "floats that are no numbers": "[float('nan'), float('inf'), float('-inf'), -0.0]",
    "nothing": "None",
    "numpy numbers": "[np.int8(-7), np.uint64(2**64 - 1), np.float32(0.1), np.float64('nan')]",
    "half a character": r"'\ud800'",
}
DATACLASS = """\
from dataclasses import dataclass, field
@dataclass
class Order:
    number: int
    items: list[str] = field(default_factory=list)
    def total(self):
        return PRICE * len(self.items)
PRICE = 3
"""


def expected_values() -> dict[str, Any]:
    """Return the values as this process makes them."""
    space: dict[str, Any] = {}
    exec(IMPORTS, space)
    return {name: eval(text, space) for name, text in EXPRESSIONS.items()}


EXPECTED = expected_values()


@pytest.fixture(scope="module")
def crossed(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what a notebook saw of its parameters, gave back of them, and made itself."""
    made = ", ".join(f"{name!r}: {text}" for name, text in EXPRESSIONS.items())
    kinds = "{name: type(value).__qualname__ for name, value in given.items()}"
    back = f"{{'kinds': {kinds}, 'given': given, 'made': {{{made}}}}}"
    cells = (("given = {}", "parameters"), IMPORTS, (back, "return"))
    folder = tmp_path_factory.mktemp("crossed")
    result: dict[str, Any] = run_cells(engine, folder, *cells, values={"given": EXPECTED}).unwrap()
    return result


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_a_parameter_goes_in_with_its_type_and_comes_back_equal(
    crossed: dict[str, Any], name: str
) -> None:
    assert type(EXPECTED[name]).__qualname__ == crossed["kinds"][name]
    assert_same(EXPECTED[name], crossed["given"][name])


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_a_return_value_comes_out_with_its_type_and_content(
    crossed: dict[str, Any], name: str
) -> None:
    assert_same(EXPECTED[name], crossed["made"][name])


@pytest.mark.parametrize("name", ["a tuple", "nothing", "a table", "floats that are no numbers"])
def test_a_value_that_returns_alone_is_the_same_too(run: Run, name: str) -> None:
    assert_same(EXPECTED[name], run(IMPORTS, (EXPRESSIONS[name], "return")).unwrap())


def test_a_dataclass_of_the_notebooks_comes_back_whole(run: Run) -> None:
    first, same, other = run(
        DATACLASS, ("[Order(1, ['x', 'y']), Order(1, ['x', 'y']), Order(2)]", "return")
    ).unwrap()
    assert dataclasses.asdict(first) == {"number": 1, "items": ["x", "y"]}
    assert (repr(other), first.total()) == ("Order(number=2, items=[])", 6)
    assert first == same != other
    assert dataclasses.replace(other, items=["x", "y"], number=1) == first


def test_a_dataclass_of_the_notebooks_goes_into_another_notebook(run: Run) -> None:
    order = run(DATACLASS, ("Order(1, ['x'])", "return")).unwrap()
    cells = (("order = None", "parameters"), ("(order.total(), order.items)", "return"))
    assert run(*cells, values={"order": order}).unwrap() == (3, ["x"])


def assert_same(expected: Any, actual: Any) -> None:
    assert type(expected) is type(actual)
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(expected, actual)
    elif isinstance(expected, np.ndarray):
        assert (expected.dtype, expected.shape) == (actual.dtype, actual.shape)
        np.testing.assert_array_equal(expected, actual)
    elif isinstance(expected, list):
        assert len(expected) == len(actual)
        for one, other in zip(expected, actual, strict=True):
            assert_same(one, other)
    elif isinstance(expected, float | np.floating):
        assert math.copysign(1, expected) == math.copysign(1, actual)
        np.testing.assert_equal(actual, expected)  # NaN is NaN
    elif isinstance(expected, dt.datetime):
        assert (expected, expected.fold) == (actual, actual.fold)
        assert (expected.tzinfo, expected.utcoffset()) == (actual.tzinfo, actual.utcoffset())
    else:
        assert expected == actual
