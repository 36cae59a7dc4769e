"""Every promise about `nbnodes serve`, each beside the peers it is made against."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.contest import Group
from benchmarks.fronts import front_groups
from benchmarks.serving import request_groups
from benchmarks.sessions import session_groups


def serve_groups(folder: str) -> Iterator[Group]:
    """Yield all of them."""
    yield from request_groups(folder)
    yield from session_groups(folder)
    yield from front_groups(folder)
