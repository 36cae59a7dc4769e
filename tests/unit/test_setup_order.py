"""`setup` cells run before all others only if that gives the same."""

from __future__ import annotations

import pytest

from nbnodes.engines.children.order import why_not_first
from nbnodes.notebook.document import SETUP, Cell

SAME = {
    "names of its own": ("x = 1", "y = 2\ny + 1"),
    "arguments and names within functions": ("n = 1", "def f(n):\n    m = n\n    return m"),
    "the same import": ("import numpy as np", "import numpy as np\nnp.zeros(3)"),
    "attributes": ("x = 1", "import os\nos.x = 3"),
}
OTHER = {
    "a name that is set before": ("x = 1", "y = x"),
    "such a name within a function": ("x = 1", "def f():\n    return x"),
    "a function of that name": ("x = 1", "def x():\n    return 2"),
    "a class of that name": ("x = 1", "class x: pass"),
    "an import of that name": ("x = 1", "import json as x"),
    "another import": ("import json as x", "import os as x"),
    "a caught error of that name": ("x = 1", "try:\n    1 / 0\nexcept Exception as x:\n    pass"),
    "what was imported before": ("import math", "math.pi"),
    "a name behind an await": ("x = 1", "import asyncio\nawait asyncio.sleep(x)"),
}


def steps(first: str, setup: str) -> tuple[Cell, ...]:
    return (
        Cell(index=0, kind="code", source=first),
        Cell(index=1, kind="code", source=setup, tags=(SETUP,)),
    )


@pytest.mark.parametrize("case", SAME)
def test_it_may_run_first(case: str) -> None:
    assert why_not_first(steps(*SAME[case])) == ""


@pytest.mark.parametrize("case", OTHER)
def test_it_runs_in_its_place(case: str) -> None:
    assert why_not_first(steps(*OTHER[case])).startswith("cell 2 uses ")
