"""What a page shows: a notebook or a graph, as an Endpoint or a folder gives it. A frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from nbnodes.live.graph import Graph
from nbnodes.rest.endpoint import Endpoint, described
from nbnodes.rest.setting import Settable


@dataclass(frozen=True, kw_only=True, eq=False)
class Subject:
    """What one page shows.

    Attributes:
        name: Its name in addresses.
        title: What people call it.
        description: What it says of itself, in Markdown.
        graph: Its graph, of which each page has a sibling.
        mains: The nodes that people came for; the others are shown folded.
        endpoints: For each node that can be called over HTTP, the name of its Endpoint.
        is_graph: Whether it is a graph as a whole.
    """

    name: str
    title: str
    description: str = ""
    graph: Graph
    mains: tuple[str, ...]
    endpoints: Mapping[str, str] = field(default_factory=dict)
    is_graph: bool = False

    @classmethod
    def of(cls, endpoint: Endpoint, node: str, endpoints: Mapping[str, str]) -> Subject:
        """Return the subject that an Endpoint is, whose node in its graph is `node`."""
        title, description = described(endpoint.notebook, endpoint.name)
        return cls(
            name=endpoint.name,
            title=title,
            description=description,
            graph=endpoint.graph,
            mains=(node,),
            endpoints=endpoints,
        )

    @cached_property
    def settable(self) -> Settable:
        """What people may set of it; made when first asked for, and shared by all pages."""
        return Settable(self.graph)
