"""Isolated calls, and such in the caller's process: how long one takes, how evenly, how many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

from benchmarks import notebooks, peers
from benchmarks.contest import (
    Group,
    Reading,
    Timed,
    at_least,
    at_most,
    even,
    faster,
)

PAUSE_S = 0.06
"""Between calls as people and dashboards make them: what is used up has grown again by then."""

_CALLS = 200  # of which the tail is taken
_CLIENTS = 4
_PAPERMILL, _WARM = "papermill's API", "nbclient, warm shared kernel"
_PACED, _BACK_TO_BACK = "isolated, paced", "isolated, back to back"


def isolated_groups(folder: str) -> Iterator[Group]:
    """Yield calls on the `fork` engine, and those on `inprocess`."""
    import nbnodes as nb

    with nb.Session(cache=False) as session:
        trivial = _Subject.of(session, folder, "trivial", notebooks.TRIVIAL)
        pandas = _Subject.of(session, folder, "pandas", notebooks.PANDAS)
        for subject, goals in (
            (trivial, (faster(_PACED, _PAPERMILL, 145), at_most(_PACED, 5))),
            (pandas, (faster(_PACED, _PAPERMILL, 40),)),
        ):
            with closing(peers.WarmKernel(subject.path)) as warm:
                group_goals = (*goals, faster(_PACED, _WARM, 4)) if subject is trivial else goals
                yield Group(
                    name=f"isolated call, {subject.title}",
                    contenders=(*_isolated(subject), *_peers(subject, warm)),
                    goals=group_goals,
                )
        yield from _tails(trivial)
        yield _inprocess(trivial)
        with closing(peers.WarmKernel(trivial.path)) as warm:
            yield _throughput(trivial, pandas, warm)


@dataclass(frozen=True, slots=True)
class _Subject:
    title: str
    path: str
    values: Mapping[str, Any]
    model: Any

    @classmethod
    def of(cls, session: Any, folder: str, title: str, cells: notebooks.Cells) -> _Subject:
        path = notebooks.write(folder, title, cells)
        values = {"x": 3} if title == "trivial" else {"groups": 10}
        return cls(title, path, values, session.model(path))

    def run(self, engine: str) -> Callable[[], object]:
        return partial(self.model.run, self.values, engine=engine, cache=False)


def _isolated(subject: _Subject) -> tuple[Timed, Timed]:
    run = subject.run("fork")
    return (
        Timed(name=_PACED, run=run, repeat=5, pause_s=PAUSE_S),
        Timed(name=_BACK_TO_BACK, run=run, repeat=5),
    )


def _peers(subject: _Subject, warm: peers.WarmKernel) -> tuple[Timed, ...]:
    return (
        Timed(name=_PAPERMILL, run=peers.papermill_call(subject.path, subject.values)),
        Timed(name=_WARM, run=warm, repeat=3, pause_s=PAUSE_S),
        Timed(name=f"{_WARM}, back to back", run=warm, repeat=3),
    )


def _tails(subject: _Subject) -> Iterator[Group]:
    run = subject.run("fork")
    yield Group(
        name=f"isolated call, {subject.title}: tail, paced",
        contenders=(Timed(name=_PACED, run=run, pause_s=PAUSE_S),),
        goals=(even(_PACED, 99, 4),),
        rounds=_CALLS,
    )
    yield Group(
        name=f"isolated call, {subject.title}: tail, back to back",
        contenders=(Timed(name=_BACK_TO_BACK, run=run),),
        rounds=_CALLS,
    )


def _inprocess(subject: _Subject) -> Group:
    return Group(
        name="inprocess, trivial",
        contenders=(
            Timed(name="inprocess", run=subject.run("inprocess"), repeat=50),
            Timed(
                name="ploomber-engine",
                run=peers.ploomber_call(subject.path, subject.values),
                repeat=3,
            ),
        ),
        goals=(at_most("inprocess", 0.15), faster("inprocess", "ploomber-engine", 50)),
    )


def _throughput(trivial: _Subject, pandas: _Subject, warm: peers.WarmKernel) -> Group:
    names = f"trivial, {_CLIENTS} clients", f"pandas, {_CLIENTS} clients"
    return Group(
        name="throughput, isolated",
        contenders=(
            _rate(names[0], trivial.run("fork"), calls=100),
            _rate(names[1], pandas.run("fork"), calls=32),
            _rate("trivial, 1 client", trivial.run("fork"), calls=30, clients=1),
            _rate("pandas, 1 client", pandas.run("fork"), calls=10, clients=1),
            _rate(f"trivial, {_WARM}, 1 client", warm, calls=10, clients=1),
        ),
        goals=(at_least(names[0], 150, "calls/s"), at_least(names[1], 50, "calls/s")),
    )


def _rate(name: str, run: Callable[[], object], *, calls: int, clients: int = _CLIENTS) -> Reading:
    def read() -> float:
        begun = perf_counter()
        if clients == 1:
            for _ in range(calls):
                run()
            return calls / (perf_counter() - begun)
        with ThreadPoolExecutor(clients) as pool:
            for future in [pool.submit(run) for _ in range(calls)]:
                future.result()
        return calls / (perf_counter() - begun)

    return Reading(name=name, read=read, unit="calls/s")
