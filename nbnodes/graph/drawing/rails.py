"""Arrows become rails beside a list of nodes, one row for each node, as `git log --graph` has them.

A node's mark stands on its rail, which goes on down to the last node that it feeds.

    a    *
    b    ├─*      ← a
    c    * │      ← a
    d    *─┘      ← b, c
"""

from __future__ import annotations

from collections.abc import Sequence

MARK = "*"
"""Where the node itself is: one character, once in each row."""


def rails(inputs: Sequence[Sequence[int]], most: int) -> list[str] | None:
    """Return the rails of each row, with `MARK` at its node.

    Args:
        inputs: For each node, the nodes before it that feed it.
        most: How many rails there may be.

    Returns:
        None where more would be needed.
    """
    last = {source: node for node, sources in enumerate(inputs) for source in sources}
    slots: list[int | None] = []  # the node whose rail runs in each column
    rows = []
    for node, sources in enumerate(inputs):
        columns = {slots.index(source) for source in sources}
        ending = {column for column in columns if last[slots[column] or 0] == node}
        free = [c for c, owner in enumerate(slots) if owner is None or c in ending]
        own = min(ending or free, default=len(slots))
        slots += [None] * (own + 1 - len(slots))
        rows.append(_row(slots, own, columns - {own}, ending))
        for column in ending:
            slots[column] = None
        slots[own] = node if node in last else None
        while slots and slots[-1] is None:
            slots.pop()
        if len(slots) > most or own >= most:
            return None
    return rows


def _row(slots: Sequence[int | None], own: int, columns: set[int], ending: set[int]) -> str:
    """Draw a row: rails that pass, and those that lead into the node."""
    left, right = min([own, *columns]), max([own, *columns])
    drawn = []
    for column, owner in enumerate(slots):
        if column == own:
            sign = MARK
        elif column in columns:
            sign = _joint(column, left, right, goes_on=column not in ending)
        else:  # a rail that passes stands before one that crosses it
            sign = "│" if owner is not None else "─" if left < column < right else " "
        drawn.append(sign + ("─" if left <= column < right else " "))
    return "".join(drawn).rstrip()


def _joint(column: int, left: int, right: int, *, goes_on: bool) -> str:
    if column == left:
        return "├" if goes_on else "└"
    if column == right:
        return "┤" if goes_on else "┘"
    return "┼" if goes_on else "┴"
