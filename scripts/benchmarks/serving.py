"""How many requests `nbnodes serve` answers, beside the floor and a kernel gateway."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import cache, partial

from benchmarks import notebooks
from benchmarks.contest import Group, at_least_times
from benchmarks.listening import Listening, echo, gateway, ours
from benchmarks.wrk import Asking

_CONNECTIONS = (1, 8, 64)
_CACHED_S, _UNCACHED_S = 2, 3
_OURS, _FLOOR, _GATEWAY = "nbnodes", "tornado's echo", "kernel gateway, not isolated"
_OF_FLOOR, _OF_GATEWAY = 0.5, 3
_NAME = "trivial"
_ASKED = f"/api/models/{_NAME}/run?x=NUMBER"


def request_groups(folder: str) -> Iterator[Group]:
    """Yield what the cache answers, then what runs; over more and more connections."""
    place = os.path.join(folder, "requests")
    os.mkdir(place)
    notebooks.write(place, _NAME, notebooks.TRIVIAL)
    with ExitStack() as servers:
        start = partial(_once, servers)
        probe = _ASKED.replace("NUMBER", "1")
        served = start(ours(place, cache=os.path.join(folder, "cache"), probe=probe))
        floor = start(echo())
        peer = start(gateway(folder, notebooks.TRIVIAL))
        for count in _CONNECTIONS:
            asking = partial(Asking, folder, connections=count, spell_s=_CACHED_S)
            yield Group(
                name=f"serve: from the cache, connections: {count}",
                contenders=(
                    *asking(served, probe).readings(_OURS),
                    *asking(floor, "/echo?x=1").readings(_FLOOR),
                ),
                goals=(at_least_times(_OURS, _FLOOR, _OF_FLOOR),),
            )
        for count in _CONNECTIONS:
            asking = partial(Asking, folder, connections=count, spell_s=_UNCACHED_S)
            yield Group(
                name=f"serve: each isolated and of its own, connections: {count}",
                contenders=(
                    *asking(served, _ASKED).readings(_OURS),
                    *asking(peer, "/run?x=NUMBER").readings(_GATEWAY),
                ),
                goals=(at_least_times(_OURS, _GATEWAY, _OF_GATEWAY),),
            )


def _once(stack: ExitStack, server: AbstractContextManager[Listening]) -> Callable[[], Listening]:
    """Start a server when it is first asked for; the stack ends it."""
    return cache(lambda: stack.enter_context(server))
