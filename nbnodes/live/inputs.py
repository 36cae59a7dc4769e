"""Values given to a graph, by name or by node and name, become each node's own values, checked."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from nbnodes.cache.intervals import Interval
from nbnodes.engines.call import THREAD
from nbnodes.engines.copies import own
from nbnodes.engines.registry import built_in_names, engine_names
from nbnodes.errors import ParameterError
from nbnodes.graph.assembly import Assembly, Member
from nbnodes.graph.node import WidgetTrait


def addressed(name: str, assembly: Assembly, given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Give each node the values meant for it, checked and coerced.

    `window` is meant for every node that has such a parameter and is fed it by no other;
    `trend.window` for one of them, and takes precedence there.

    Args:
        name: What errors call the graph.
        assembly: The graph.
        given: Values by address.

    Raises:
        ParameterError: With every unknown address and wrong value.
    """
    members = assembly.members
    problems: list[str] = []
    found: dict[str, dict[str, Any]] = {}
    for address in sorted(given, key=_is_qualified):
        nodes = _meant(address, members, problems)
        for node, parameter in nodes:
            found.setdefault(node, {})[parameter] = given[address]
    checked = {}
    for node, values in found.items():
        try:
            checked[node] = members[node].signature.check(
                values, fed=members[node].signature.parameters
            )
        except ParameterError as error:
            problems += [f"{node}: {problem}" for problem in error.problems]
    if problems:
        raise ParameterError(name, problems)
    return checked


def places(name: str, assembly: Assembly, addresses: Iterable[str]) -> list[tuple[str, str]]:
    """Return the nodes and parameters that addresses mean; see `addressed`.

    Raises:
        ParameterError: With every address that means none.
    """
    problems: list[str] = []
    found = [one for each in addresses for one in _meant(each, assembly.members, problems)]
    if problems:
        raise ParameterError(name, problems)
    return found


class Reading:
    """What widgets say at one moment: each is read once, however many nodes it feeds."""

    def __init__(self) -> None:
        self._said: dict[tuple[int, str], Any] = {}

    def of(self, trait: WidgetTrait) -> Any:
        """Return what is meant by what a widget says."""
        place = id(trait.widget), trait.trait
        if place not in self._said:
            self._said[place] = trait.said()
        return trait.meant(self._said[place])


def current(
    member: Member,
    given: Mapping[str, Any],
    connected: Mapping[str, WidgetTrait],
    reading: Reading,
) -> dict[str, Any]:
    """Return a node's own values: constants, what its widgets say now, and what was given.

    Args:
        member: The node.
        given: Values that go before what widgets say.
        connected: More widgets, by parameter.
        reading: What widgets say.

    Raises:
        ParameterError: If a widget says something wrong.
    """
    traits = {**member.widgets, **connected}
    widgets = {name: reading.of(trait) for name, trait in traits.items()}
    if widgets:
        unset = {name: value for name, value in widgets.items() if name not in given}
        widgets = member.signature.check(unset, fed=member.signature.parameters)
    # copies, so that it does not matter who changes one of them before the run begins
    return {name: own(one) for name, one in {**member.constants, **widgets, **given}.items()}


def missing(members: Iterable[tuple[Member, Mapping[str, Any]]]) -> list[str]:
    """Say of each parameter without a value that it has none."""
    return [
        f"{member.name}.{name}: it has no default, so give it a value"
        for member, values in members
        for name in member.open_parameters
        if member.signature.parameters[name].required and name not in values
    ]


def option_problems(assembly: Assembly) -> list[str]:
    """Say what is wrong with options that only what runs nodes can judge."""
    known = {"", THREAD, *built_in_names()}
    if not {member.options.engine for member in assembly.members.values()} <= known:
        known |= {*engine_names()}  # looks through all installed packages
    found = []
    for member in assembly.members.values():
        options, subset = member.options, member.options.subset
        if options.engine not in known:
            there = ", ".join(sorted(known - {""}))
            found.append(f"{member.name}: engine={options.engine!r}: none of {there}")
        if options.eq is not None and not callable(options.eq):
            found.append(f"{member.name}: eq={options.eq!r}: expected a Tolerance or a function")
        if subset is not None and not isinstance(subset, Interval):
            found.append(f"{member.name}: subset={subset!r}: expected an Interval")
        if isinstance(subset, Interval) and member.signature.is_closed:
            unknown = {subset.start, subset.end} - member.signature.parameters.keys()
            found += [f"{member.name}: subset: it has no parameter {n}" for n in sorted(unknown)]
    return found


def _meant(
    address: str, members: Mapping[str, Member], problems: list[str]
) -> list[tuple[str, str]]:
    node, _, parameter = address.rpartition(".")
    if node in members:
        named = [(node, parameter)]
    else:
        declare = members.items()
        named = [(n, address) for n, one in declare if address in one.signature.parameters]
    open_ones = [(one, word) for one, word in named if _takes(members[one], word)]
    open_ones = [(one, word) for one, word in open_ones if word not in members[one].feeds]
    if not open_ones:
        problems.append(f"{address}: {_why_not(address, node, parameter, members)}")
    return open_ones


def _takes(member: Member, parameter: str) -> bool:
    return parameter in member.signature.parameters or (
        not member.signature.is_closed and bool(member.signature.parameters) is False
    )


def _why_not(address: str, node: str, parameter: str, members: Mapping[str, Member]) -> str:
    word = parameter if node in members else address
    asked = [members[node]] if node in members else list(members.values())
    for member in asked:
        if word in member.feeds:
            return f"{member.name} gets it from {member.feeds[word].source}"
    known = sorted({name for member in asked for name in member.open_parameters})
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]}?" if near else ""
    whose = f"{node} has" if node in members else "no node has"
    other = " no such parameter" if node in members else " such a parameter"
    return f"{whose}{other}{hint} (there are: {', '.join(known) or 'none'})"


def _is_qualified(address: str) -> bool:
    return "." in address
