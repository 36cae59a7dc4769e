"""Every promise about graphs: what runs after a change, what a node costs, how runs are stopped."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.contest import Group
from benchmarks.executions import execution_groups
from benchmarks.graph_sizes import size_groups
from benchmarks.interruptions import interruption_groups


def graph_groups(folder: str) -> Iterator[Group]:
    """Yield all of them."""
    yield from execution_groups(folder)
    yield from size_groups(folder)
    yield from interruption_groups(folder)
