"""`nbnodes run` of a graph's node: what it needs is computed, and its value printed."""

from __future__ import annotations

import os
import sys
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nbnodes.cli.answer import explain, print_value, write_executed
from nbnodes.cli.arguments import RunArguments
from nbnodes.cli.bar import progress_bar
from nbnodes.errors import UsageError
from nbnodes.live.graph import Graph
from nbnodes.live.notices import GraphProgress
from nbnodes.notebook.document import Notebook
from nbnodes.project import Project
from nbnodes.result import Failure
from nbnodes.session import Session

_RUN_THREAD = "nbnodes-run"  # as `nbnodes.scheduler.driver` names those that run a node
_GRACE_S = 10.0


def run_node(arguments: RunArguments) -> int:
    """Compute a node and print its value; return the exit code.

    Args:
        arguments: The command, checked.

    Raises:
        NbnodesError: Wrong usage, or the machine's failure.
    """
    _refuse(arguments)
    if arguments.quiet:
        warnings.simplefilter("ignore")
    project = Project.at(
        cache="off" if arguments.no_cache else arguments.cache,
        engine=arguments.engine,
        timeout_s=arguments.timeout_s,
        cell_timeout_s=arguments.cell_timeout_s,
    )
    with project.session() as session:
        graph = open_graph(arguments.notebook, session)
        _overrule(graph, arguments)
        name = arguments.node or _last(graph)
        values = arguments.values()
        started_at = time.monotonic()
        with progress_bar(graph.name, "nodes", quiet=arguments.quiet) as show:
            try:
                result = graph.run(name, values, check=False, on_progress=_shown(show))
            except KeyboardInterrupt:
                _await_runs()
                raise
        elapsed_s = time.monotonic() - started_at
        if arguments.output:
            write_executed(result, arguments.output)
        if isinstance(result, Failure):
            explain(result)
            return 1
        if arguments.verbose:
            sys.stderr.write(result.stdout + result.stderr)
        is_value = _is_value(graph, name)
        print_value(result, arguments, elapsed_s, is_value=is_value, about={"node": name})
    return 0


def open_graph(target: str, session: Session) -> Graph:
    """Read a graph: of a folder, of a graph.toml, or of the parts of a notebook.

    Raises:
        UsageError: If it cannot be read.
    """
    if os.path.isdir(target) or target.endswith(".toml"):
        return Graph.from_folder(target, session=session)
    return Graph.from_notebook(target, session=session)


def _refuse(arguments: RunArguments) -> None:
    """Refuse what means nothing for a graph, all at once."""
    reasons = {
        "--cwd": arguments.cwd and "each notebook runs in its own folder",
        "--refresh": arguments.refresh and "use --no-cache, which runs all that the node needs",
    }
    problems = [f"{option} is not for a graph: {why}" for option, why in reasons.items() if why]
    if problems:
        raise UsageError("; ".join(problems))


def _overrule(graph: Graph, arguments: RunArguments) -> None:
    """Have the command go before what a graph.toml says of single nodes."""
    given: dict[str, Any] = {}
    if arguments.engine is not None:
        given["engine"] = ""
    if arguments.timeout_s is not None:
        given["timeout_s"] = None
    for node in graph.nodes.values():
        node.options = replace(node.options, **given)


def _last(graph: Graph) -> str:
    """Return the node on which nothing depends.

    Raises:
        UsageError: If there are several; names them.
    """
    last = graph.assembly.dag.sinks
    if len(last) == 1:
        return last[0]
    others = [name for name in graph.nodes if name not in last]
    also = f"; there are also {', '.join(others)}" if others else ""
    raise UsageError(f"{graph.name}: say which node with --node: {' or '.join(last)}{also}")


def _is_value(graph: Graph, name: str) -> bool:
    """Whether a node's notebook says what its value is."""
    member = graph.assembly.members.get(name)
    body = member.body if member else None
    return not isinstance(body, Notebook) or body.return_cell is not None


def _await_runs() -> None:
    """Let the runs that were interrupted end their kernels, before this process ends."""
    for thread in threading.enumerate():
        if thread.name == _RUN_THREAD:
            thread.join(_GRACE_S)


def _shown(show: Callable[..., None]) -> Callable[[GraphProgress], None]:
    """Draw a bar as soon as a cell runs: what the cache answers needs none."""
    has_begun = False

    def on_progress(progress: GraphProgress) -> None:
        nonlocal has_begun
        has_begun = has_begun or any(total for _, total in progress.running.values())
        if has_begun:
            part = sum(said.fraction or 0.0 for said in progress.said.values())
            show(progress.done, progress.total, _note(progress), part=part)

    return on_progress


def _note(progress: GraphProgress) -> str:
    """Say which nodes run, how far each is, and how long the rest may take."""
    words = [] if progress.eta_s is None else [f"{progress.eta_s:.0f} s left"]
    for name, (done, total) in progress.running.items():
        count = f"{done}/{total}" if total else ""
        said = str(progress.said[name]) if name in progress.said else ""
        words.append(" ".join(filter(None, [name, count, said])))
    return ", ".join(words)
