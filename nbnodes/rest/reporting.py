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
        for name, (done, total) in progress.running.items():
            nodes[name] = f"running, cell {done} of {total}" if total else "running"
        for name in nodes.keys() - progress.running.keys():
            nodes[name] = "done"
        for name, state in nodes.items():
            report.on_node(name, state)

    running.follow(Follower(on_progress=cells, on_nodes=graph))
    return running.future
