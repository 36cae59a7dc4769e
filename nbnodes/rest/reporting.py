"""How far a run is, as engines and graphs tell it, becomes what a Job reports."""

from __future__ import annotations

from nbnodes.engines.engine import Progress
from nbnodes.jobs.run import JobReport
from nbnodes.live.notices import GraphProgress
from nbnodes.rest.endpoint import Follower
from nbnodes.rest.running import Running
from nbnodes.scheduler.workers import RunFuture


def started(running: Running, report: JobReport) -> RunFuture:
    """Have a Job hear how far a run is; return what it waits for."""
    nodes: dict[str, str] = {}

    def cells(progress: Progress) -> None:
        report.begun()
        report.on_progress(progress)

    def graph(progress: GraphProgress) -> None:
        report.begun()
        now = {name: _state(*cells) for name, cells in progress.running.items()}
        now |= dict.fromkeys(nodes.keys() - now.keys(), "done")
        for name, state in now.items():
            if nodes.get(name) != state:  # the same again would be one event more
                report.on_node(name, state)
        nodes.update(now)

    running.follow(Follower(on_progress=cells, on_nodes=graph))
    return running.future


def _state(done: int, total: int) -> str:
    """Say how far a node is that runs."""
    return f"running, cell {done} of {total}" if total else "running"
