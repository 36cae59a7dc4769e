"""What tests share; its place makes `tests/` importable: `from notebooks import notebook`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import nbnodes as nb


@pytest.fixture
def session() -> Iterator[nb.Session]:
    """The current Session: it keeps Results in memory, and runs notebooks in this process."""
    import nbnodes as nb

    with nb.Session(cache=":memory:", engine="inprocess") as made:
        yield made
