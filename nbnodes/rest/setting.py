"""What a page sets, as JSON or in its address, becomes values of a graph, or is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nbnodes.control.control import Control
from nbnodes.control.controls import control_of
from nbnodes.control.domains import Lists, Pairs, Several, Words, is_same
from nbnodes.control.shapes import written
from nbnodes.control.wire import value_as_json, value_from_json
from nbnodes.errors import ParameterError, UsageError
from nbnodes.live.graph import Graph
from nbnodes.live.inputs import addressed, places
from nbnodes.notebook.validation import Text, unknown_name
from nbnodes.rest.endpoint import addresses

_SHOWN = 80  # characters of a name


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked to be set.

    Attributes:
        values: By address, checked.
        defaults: Addresses that are to have their defaults.
        problems: Why something was refused, by address.
        strays: Why something was passed over that no control is there for.
    """

    values: dict[str, Any] = field(default_factory=dict)
    defaults: tuple[str, ...] = ()
    problems: dict[str, str] = field(default_factory=dict)
    strays: tuple[str, ...] = ()


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
        self._owners: dict[str, list[str]] = {}
        for name, its in own.items():
            for address in its:
                self._owners.setdefault(address, []).append(name)
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
            if value is None and control.is_required and not control.is_optional:
                problems[address] = "a value must be chosen"
            elif not control.is_required and is_same(value, control.default):
                defaults.append(address)
            else:
                values[address] = value
        right, wrong = self._checked(values)
        return Asked(values=right, defaults=tuple(defaults), problems=problems | wrong)

    def from_query(self, given: Mapping[str, Any]) -> Asked:
        """Read what an address says: each value a text, or a list of texts.

        Names mean what they mean in a request. A value that its control does not have gives way to
        the nearest, and that is told.
        """
        known, strays = self._meant(given)
        right, problems = self._checked(known)
        values = {}
        for address, value in right.items():
            control = self.controls[address]
            try:
                wanted = self._fitting(address, value, known[address])
                nearest = wanted if control.is_guessed else control.nearest(wanted)
                value_as_json(nearest, control.domain)
            except (UsageError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
                problems[address] = f"cannot be set here: {error}"
                continue
            if not is_same(nearest, wanted):
                problems[address] = f"{value!r} cannot be set here; {nearest!r} is nearest to it"
            values[address] = nearest
        return Asked(values=values, problems=problems, strays=strays)

    def _meant(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Give each control what is meant for it; say of other names why there is none for them."""
        found: dict[str, Any] = {}
        strays = []
        for name in sorted(given, key=lambda one: "." in one):  # who names the node means more
            addresses_meant = [name] if name in self.controls else self._named_otherwise(name)
            if isinstance(addresses_meant, str):
                strays.append(addresses_meant)
            else:
                found |= dict.fromkeys(addresses_meant, given[name])
        return found, tuple(strays)

    def _named_otherwise(self, name: str) -> list[str] | str:
        """Return the addresses of a name that is none itself, or why it has none."""
        members = self._graph.assembly.members
        shown = name[:_SHOWN]
        if len(members) == 1 and "." not in name:
            (member,) = members.values()
            return unknown_name(shown, member.signature.parameters)
        try:
            meant = places(self._graph.name, self._graph.assembly, [name])
        except ParameterError as error:
            return error.problems[0].replace(name, shown)
        found = []
        for node, word in meant:
            address = next((one for one in (f"{node}.{word}", word) if one in self.controls), None)
            if address is None:
                return f"{shown}: it cannot be set on a page"
            found.append(address)
        others = {owner for one in found for owner in self._owners[one]} - {n for n, _ in meant}
        if others:
            return f"{shown}: here it is set together with {', '.join(others)}, as {found[0]}"
        return found

    def _fitting(self, address: str, value: Any, given: Any) -> Any:
        """Return a value as its control has it: what is typed as text as that text."""
        domain = self.controls[address].domain
        if isinstance(domain, Words) and value is not None and not isinstance(value, str):
            typed = str(given) if isinstance(given, Text) else written(value)
            return typed if self._checked({address: typed})[0] else written(value)
        if isinstance(domain, Lists | Several | Pairs) and not isinstance(value, str):
            return tuple(value) if isinstance(value, Iterable) else value
        return value

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
                right[address] = found[0] if isinstance(value, Text | list) else value
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
