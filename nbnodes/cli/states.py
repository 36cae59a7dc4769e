"""A graph and values for it become where its nodes stand, by the cache alone: nothing runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nbnodes.cache.key import KeyParts
from nbnodes.engines.engine import RunRequest
from nbnodes.errors import UsageError
from nbnodes.live.graph import Graph
from nbnodes.result import Result
from nbnodes.scheduler.options import RunOptions
from nbnodes.scheduler.protocol import Standing
from nbnodes.session import Session

_NOT_KEPT = "its value is not kept"


class LookingSession(Session):
    """A Session that looks and does not run: what its cache lacks is refused."""

    def run_request(
        self, request: RunRequest, options: RunOptions, parts: KeyParts | None = None
    ) -> Result:
        """Refuse; a graph asks for a run only where its cache has no answer.

        Raises:
            UsageError: Always.
        """
        del request, options, parts
        raise UsageError(_NOT_KEPT)


def look_up(graph: Graph, values: Mapping[str, Any]) -> dict[str, Standing]:
    """Return where nodes would stand: fresh where the cache answers, else stale, and why.

    Args:
        graph: The graph, in a LookingSession.
        values: Parameters by name or by "node.name".

    Raises:
        ParameterError: For wrong, unknown and missing parameters.
    """
    for node in graph.nodes.values():
        node.options = replace(node.options, trigger="auto", retries=0)
    graph.set(values)
    graph.watch(*graph.nodes)
    graph.settle()
    found = graph.states()
    return {name: _told(name, graph, found) for name in found}


def _told(name: str, graph: Graph, found: Mapping[str, Standing]) -> Standing:
    """Tell of a run that was refused as of one that has not been made."""
    if found[name].state == "fresh":
        return Standing("fresh", "kept")
    feeds = graph.assembly.members[name].feeds.values()
    missing = [feed.source for feed in feeds if found[feed.source].state != "fresh"]
    if missing:
        return Standing("stale", f"waits for {', '.join(dict.fromkeys(missing))}")
    return Standing("stale", found[name].reason)
