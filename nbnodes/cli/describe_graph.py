"""What `nbnodes graph` says of a graph: plain data first, then as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

from nbnodes.cli.describe import described_parameter, parameter_line
from nbnodes.errors import FormatError
from nbnodes.formats import jsonable
from nbnodes.graph.assembly import Assembly, Member
from nbnodes.graph.node import NodeOptions
from nbnodes.live.graph import Graph
from nbnodes.notebook.document import Notebook
from nbnodes.scheduler.protocol import Standing


def describe_graph(graph: Graph, standings: Mapping[str, Standing]) -> dict[str, Any]:
    """Describe a graph, and where its nodes stand if that is known, as data that JSON has."""
    assembly = graph.assembly
    return {
        "graph": graph.name,
        "workers": graph.workers,
        "nodes": [
            _node(member) | _standing(standings.get(member.name))
            for member in assembly.members.values()
        ],
        "edges": list(_edges(assembly)),
    }


def parameter_lines(assembly: Assembly) -> list[str]:
    """Write what a caller may set, by address, as the cells declare it."""
    lines = []
    for name, member in assembly.members.items():
        for key in member.open_parameters:
            described = described_parameter(member.signature.parameters[key])
            if key in member.constants:
                described |= {"default_code": repr(member.constants[key]), "required": False}
            lines.append(f"  {name}.{parameter_line(described)}")
    return lines


def _node(member: Member) -> dict[str, Any]:
    path = member.body.path if isinstance(member.body, Notebook) else None
    parameters = member.signature.parameters.values()
    feeds = {name: {"node": feed.source, "part": feed.part} for name, feed in member.feeds.items()}
    constants = {name: {"value": _plain(value)} for name, value in member.constants.items()}
    return {
        "name": member.name,
        "kind": member.kind,
        "notebook": path,
        "parameters": [described_parameter(parameter) for parameter in parameters],
        "inputs": {**feeds, **constants},
        "options": _options(member.options),
    }


def _standing(standing: Standing | None) -> dict[str, Any]:
    return {} if standing is None else {"state": standing.state, "reason": standing.reason}


def _edges(assembly: Assembly) -> Iterator[dict[str, Any]]:
    for name, member in assembly.members.items():
        for parameter, feed in member.feeds.items():
            yield {
                "source": feed.source,
                "target": name,
                "parameter": parameter,
                "part": feed.part,
            }


def _options(options: NodeOptions) -> dict[str, Any]:
    return {name: _plain(getattr(options, name)) for name in NodeOptions.__slots__}


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; as text where it has none."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(part) for name, part in asdict(value).items()}
    try:
        return jsonable(value)
    except FormatError:
        return repr(value)
