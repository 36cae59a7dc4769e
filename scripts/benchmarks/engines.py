"""Every promise about how fast notebooks run, each beside the peers it is made against."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.command_line import engine_groups as command_line_groups
from benchmarks.contest import Group
from benchmarks.endings import ending_groups
from benchmarks.isolated import isolated_groups
from benchmarks.kernels import kernel_groups
from benchmarks.memory import memory_groups
from benchmarks.values import value_groups


def engines_groups(folder: str) -> Iterator[Group]:
    """Yield all of them."""
    yield from isolated_groups(folder)
    yield from command_line_groups(folder)
    yield from kernel_groups(folder)
    yield from value_groups(folder)
    yield from memory_groups(folder)
    yield from ending_groups(folder)
