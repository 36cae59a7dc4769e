"""The controls of a graph: for each parameter that nothing feeds a widget, made or given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import ipywidgets

from nbnodes.control.control import Control
from nbnodes.control.controls import controls_of
from nbnodes.errors import UsageError
from nbnodes.graph.assembly import Member
from nbnodes.graph.node import WidgetTrait
from nbnodes.live.graph import Graph

_Users: TypeAlias = list[tuple[Member, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A parameter that people set, of one node or of several that mean the same by it.

    Attributes:
        member: The node, or the first of them.
        parameter: The parameter's name.
        trait: The widget that sets it.
        control: What the widget was made of; None if it feeds the node already.
    """

    member: Member
    parameter: str
    trait: WidgetTrait
    control: Control | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The controls of some nodes of a graph.

    Attributes:
        settings: By address: "window", or "trend.window" where nodes mean different things by it.
        made: What does not feed the graph yet: for each node by parameter.
    """

    settings: dict[str, Setting] = field(default_factory=dict)
    made: dict[str, dict[str, WidgetTrait]] = field(default_factory=dict)

    @property
    def widgets(self) -> dict[str, Any]:
        """The widgets by address."""
        return {address: setting.trait.widget for address, setting in self.settings.items()}


def panel_of(graph: Graph, names: Iterable[str], overrides: Mapping[str, Any]) -> Panel:
    """Return the controls of all that these nodes need; widgets that feed the graph are used.

    Args:
        graph: The graph.
        names: The nodes.
        overrides: What to make controls of, by address: abbreviations as of ipywidgets' `interact`,
            widgets, or Controls.

    Raises:
        UsageError: If an override is of no parameter, or of one that a widget feeds, or no control
            can be made of it.
    """
    needed = graph.assembly.dag.ancestors(names)
    members = [one for name, one in graph.assembly.members.items() if name in needed]
    fed = graph.bound.widgets()
    panel = Panel()
    for address, users in _addressed(members, fed).items():
        member, name = users[0]
        if name in fed[member.name]:
            _use(panel, address, users, fed[member.name][name], overrides)
        else:
            _make(panel, address, users, overrides)
    unknown = [address for address in overrides if address not in panel.settings]
    if unknown:
        known = ", ".join(panel.settings) or "none"
        raise UsageError(f"no parameter {', '.join(unknown)} to control (there are: {known})")
    return panel


def _addressed(
    members: Iterable[Member], fed: Mapping[str, Mapping[str, WidgetTrait]]
) -> dict[str, _Users]:
    """Give each parameter that nothing feeds its address; alike ones of several nodes share one."""
    by_name: dict[str, _Users] = {}
    for member in members:
        for name in member.open_parameters:
            if name not in member.constants:
                by_name.setdefault(name, []).append((member, name))
    found: dict[str, _Users] = {}
    for name, users in by_name.items():
        if len({_meaning(member, name, fed[member.name]) for member, _ in users}) == 1:
            found[name] = users
        else:
            found |= {f"{member.name}.{name}": [(member, name)] for member, _ in users}
    return found


def _meaning(member: Member, name: str, fed: Mapping[str, WidgetTrait]) -> str:
    if name in fed:
        return f"{id(fed[name].widget)}.{fed[name].trait}"
    parameter = member.signature.parameters[name]
    return f"{parameter.default!r} {parameter.type!r}"


def _use(
    panel: Panel, address: str, users: _Users, trait: WidgetTrait, overrides: Mapping[str, Any]
) -> None:
    """Take the widget that feeds a parameter already."""
    if address in overrides and overrides[address] is not trait.widget:
        kind = type(trait.widget).__name__
        raise UsageError(f"{address}: a {kind} feeds it already; there can be no other control")
    member, name = users[0]
    panel.settings[address] = Setting(member=member, parameter=name, trait=trait)


def _make(panel: Panel, address: str, users: _Users, overrides: Mapping[str, Any]) -> None:
    """Make a parameter's widget, unless people cannot set it."""
    member, name = users[0]
    override = {name: overrides[address]} if address in overrides else {}
    control = controls_of(member.signature, override)[name]
    if not control.is_settable:
        return
    widget = overrides.get(address)
    if not isinstance(widget, ipywidgets.ValueWidget):
        widget = control.to_widget()
        _mark_guessed(widget, control)
    trait = WidgetTrait(widget, meaning=control.nearest)  # 0.30000000000000004 is 0.3
    panel.settings[address] = Setting(member=member, parameter=name, trait=trait, control=control)
    for user, parameter in users:
        panel.made.setdefault(user.name, {})[parameter] = trait


def _mark_guessed(widget: Any, control: Control) -> None:
    """Say of bounds that nobody declared that they are guessed, and how to declare them."""
    if control.is_guessed:
        hint = "guessed bounds; declare them by a comment such as # 0..10"
        widget.tooltip = f"{control.help} ({hint})" if control.help else hint
        widget.add_class("nbnodes-guessed")
