"""What a page sets, as JSON or in its address, becomes values of a graph, or is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nbnodes.control.control import Control
from nbnodes.control.controls import control_of
from nbnodes.control.domains import is_same
from nbnodes.control.wire import value_as_json, value_from_json
from nbnodes.errors import ParameterError, UsageError
from nbnodes.live.graph import Graph
from nbnodes.live.inputs import addressed
from nbnodes.notebook.validation import Text
from nbnodes.rest.endpoint import addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked to be set.

    Attributes:
        values: By address, checked.
        defaults: Addresses that are to have their defaults.
        problems: Why something was refused, by address.
    """

    values: dict[str, Any] = field(default_factory=dict)
    defaults: tuple[str, ...] = ()
    problems: dict[str, str] = field(default_factory=dict)


class Settable:
    """What people may set of a graph. Immutable.

    Attributes:
        controls: By address, those of the nodes that people came for first.
        groups: The addresses of each node's parameters, by the node's name.
        feeds: The addresses on which each node's Result depends, by the node's name.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        members = graph.assembly.members
        parameters = addresses(reversed([*members.values()]))
        self.controls: dict[str, Control] = {n: control_of(one) for n, one in parameters.items()}
        own = {name: self._own(name) for name in members}
        self.groups = _first_owned({n: own[n] for n in reversed([*members])})
        self.feeds = {
            name: tuple(dict.fromkeys(a for n in members if n in above for a in own[n]))
            for name in members
            for above in (graph.assembly.dag.ancestors([name]),)
        }

    def from_wire(self, given: Mapping[str, Any]) -> Asked:
        """Read what a page sends; what is no address of this graph is left out."""
        values: dict[str, Any] = {}
        defaults: list[str] = []
        problems: dict[str, str] = {}
        for address, wire in given.items():
            control = self.controls.get(address)
            if control is None or not control.is_settable:
                continue
            try:
                value = value_from_json(wire, control.domain)
            except (UsageError, TypeError, ValueError, AttributeError, KeyError) as error:
                problems[address] = f"cannot be read: {error}"
                continue
            if not control.is_required and is_same(value, control.default):
                defaults.append(address)
            else:
                values[address] = value
        right, wrong = self._checked(values)
        return Asked(values=right, defaults=tuple(defaults), problems=problems | wrong)

    def from_query(self, given: Mapping[str, Any]) -> Asked:
        """Read what an address says: each value a text, or a list of texts.

        A value that its control does not have gives way to the nearest, and that is told.
        """
        known = {n: one for n, one in given.items() if n in self.controls}
        right, problems = self._checked(known)
        values = {}
        for address, value in right.items():
            control = self.controls[address]
            try:
                nearest = value if control.is_guessed else control.nearest(value)
                value_as_json(nearest, control.domain)
            except (UsageError, TypeError, ValueError, AttributeError) as error:
                problems[address] = f"cannot be set here: {error}"
                continue
            if not is_same(nearest, value):
                problems[address] = f"{value!r} cannot be set here; {nearest!r} is nearest to it"
            values[address] = nearest
        return Asked(values=values, problems=problems)

    def _checked(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """Check each by itself, so that one that is wrong does not keep the others."""
        right, wrong = {}, {}
        for address, value in values.items():
            try:
                checked = addressed(address, self._graph.assembly, {address: value})
            except ParameterError as error:
                wrong[address] = "; ".join(_reason(one, address) for one in error.problems)
            else:
                found = [one for own in checked.values() for one in own.values()]
                right[address] = found[0] if isinstance(value, Text) else value
        return right, wrong

    def _own(self, name: str) -> tuple[str, ...]:
        """Return the addresses of a node's open parameters."""
        open_ones = self._graph.assembly.members[name].open_parameters
        whole = (f"{name}.{word}" for word in open_ones)
        named = zip(whole, open_ones, strict=True)
        return tuple(one if one in self.controls else word for one, word in named)


def _first_owned(own: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Have each address stand at the first node that has it."""
    seen: set[str] = set()
    groups = {}
    for name, addresses_of_node in own.items():
        new = tuple(one for one in addresses_of_node if one not in seen)
        seen.update(new)
        if new:
            groups[name] = new
    return groups


def _reason(problem: str, address: str) -> str:
    """Leave out of a problem the names that stand beside its control anyway."""
    name = address.rpartition(".")[2]
    return problem.rpartition(f"{name}: ")[2] if f"{name}: " in problem else problem
