"""Asks a notebook for ranges, and counts what it runs: `Desk(session).ask(10, 20)`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from notebooks import CellText, write_notebook

from nbnodes.cache.codec import Codec
from nbnodes.cache.intervals import Interval
from nbnodes.cache.signing import Signer
from nbnodes.result import Result
from nbnodes.scheduler.asks import ask_of
from nbnodes.scheduler.options import RunOptions
from nbnodes.scheduler.subsetting import Answer, Subsetting
from nbnodes.session import Model, Session

OPEN = "start: int | None = None\nend: int | None = None\nfactor = 2"
DECLARED = "start = 0\nend = 40\nfactor = 2"
COUNT = "with open('ran', 'a') as file:\n    file.write(f'{start} {end}\\n')"
ROWS = """import pandas as pd
t = pd.DataFrame({'at': range(100), 'x': range(100)})
t.x *= factor"""
WITHIN = "t = t[(t['at'] >= start) & (t['at'] < end)].reset_index(drop=True)"
TABLE: tuple[CellText, ...] = (ROWS, WITHIN, "print(len(t))", ("t", "return"))


class Desk:
    """Asks for ranges of one notebook."""

    def __init__(
        self,
        session: Session,
        *cells: CellText,
        declared: str = DECLARED,
        chance: float = 0.5,
        eq: Any = None,
        **interval: Any,
    ) -> None:
        path = write_notebook("n.ipynb", (declared, "parameters"), COUNT, *(cells or TABLE))
        self.model: Model = session.model(path)
        self.interval = Interval("start", "end", **{"on": "at", **interval})
        self.session = session
        assert session.store
        self.store = session.store
        self.subsetting = Subsetting(self.store, Codec(Signer()), chance=lambda: chance)
        self.eq = eq

    def ask(self, start: Any, end: Any, **others: Any) -> Answer:
        values = {"start": start, "end": end, **others}
        asked = ask_of(
            self.model.notebook, values, self.session.key_parts(self.model, values), self.interval
        )
        assert asked
        return self.subsetting.answer(asked, self.run)

    def run(self, values: Mapping[str, Any]) -> Result:
        return self.session.run(self.model, values, RunOptions())

    def direct(self, start: Any, end: Any, **others: Any) -> Any:
        """Run without any cache, and leave no trace of it."""
        before = Path("ran").read_text() if Path("ran").exists() else ""
        values = {"start": start, "end": end, **others}
        value = self.session.run(self.model, values, RunOptions(cache=False)).unwrap()
        Path("ran").write_text(before)
        return value


def ran() -> list[str]:
    return Path("ran").read_text().splitlines() if Path("ran").exists() else []


def assert_is(answer: Answer, expected: Any) -> None:
    value = answer.result.unwrap()
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(value, expected)
    else:
        assert value == expected
