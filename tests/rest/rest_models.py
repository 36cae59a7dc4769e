"""A folder becomes one of notebooks to serve; a Gate is a run that waits until it is let go on."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from notebooks import SEED_FIBONACCI, markdown, write_notebook

ECHO = """\
import datetime
from typing import Annotated
from pydantic import Field
n: Annotated[int, Field(ge=0, le=100)] = 1
x: float = 0.5
flag: bool = False
word: str = "a"
names: list[str] = []
day: datetime.date = datetime.date(2001, 2, 3)"""
TYPES = "{name: [type(one).__name__, str(one)] for name, one in given.items()}"
GIVEN = "given = dict(n=n, x=x, flag=flag, word=word, names=names, day=day)"
ROWS = """\
from typing import Annotated
from pydantic import Field
rows: Annotated[int, Field(ge=0, le=5000)] = 2"""
FRAME = 'import pandas as pd\ntable = pd.DataFrame({"a": range(rows), "b": ["x"] * rows})'
FIGURE = (
    "import matplotlib.pyplot as plt\n"
    "fig, ax = plt.subplots(figsize=(1, 1))\nax.plot([0, n])\nplt.close(fig)"
)
GATE = """\
with open(told, "w") as said:
    print("begun", file=said, flush=True)
    with open(go) as waited:
        waited.read()"""
FAILS = 'def inner():\n    raise ValueError(f"n is {n}")\n\n\nif n % 2:\n    inner()'


def write_models(folder: Path) -> Path:
    """Write them."""
    write_notebook(folder / "echo.ipynb", (ECHO, "parameters"), GIVEN, (TYPES, "return"))
    write_notebook(
        folder / "square.ipynb",
        markdown("# The square\n\nOf a number, $n^2$."),
        ("n: int = 3  # 0..1000000: what is squared", "parameters"),
        ("n * n", "return"),
    )
    write_notebook(folder / "table.ipynb", (ROWS, "parameters"), FRAME, ("table", "return"))
    write_notebook(folder / "picture.ipynb", ("n = 2", "parameters"), FIGURE, ("fig", "return"))
    write_notebook(folder / "fails.ipynb", ("n = 1", "parameters"), FAILS, ("n", "return"))
    write_notebook(folder / "exits.ipynb", "import os\nos._exit(7)", ("1", "return"))
    write_notebook(folder / "says.ipynb", ('word: str = ""', "parameters"), ("word", "return"))
    write_notebook(
        folder / "odd.ipynb", ("n = 0", "parameters"), ("[float('nan'), n, {1}]", "return")
    )
    gate = 'told: str = ""\ngo: str = ""\nn = 1'
    write_notebook(folder / "gate.ipynb", (gate, "parameters"), GATE, ("n", "return"))
    write_notebook(folder / "fib.ipynb", *SEED_FIBONACCI)
    return folder


class Gate:
    """A run of `gate.ipynb`: it says that it has begun, and waits to be let go on.

    Args:
        folder: Where its two named pipes lie.
        name: A name of its own there.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.told, self.go = folder / f"{name}-told", folder / f"{name}-go"
        for pipe in (self.told, self.go):
            os.mkfifo(pipe)
        self._heard: Any = None

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close its pipes."""
        if self._heard is not None:
            self._heard.close()

    @property
    def values(self) -> dict[str, Any]:
        """What the notebook is given."""
        return {"told": str(self.told), "go": str(self.go)}

    def await_begin(self) -> None:
        """Wait until the notebook runs."""
        self._heard = self.told.open()
        assert self._heard.readline() == "begun\n"

    def let_go(self) -> None:
        """Let it go on, to its value."""
        self.go.open("w").close()

    def await_end(self) -> None:
        """Wait until it runs no more: the system closes what it had opened."""
        assert self._heard.read() == ""
