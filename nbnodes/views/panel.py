"""The controls of a graph: for each parameter that nothing feeds a widget, made or given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import ipywidgets

from nbnodes.control.control import Control
from nbnodes.control.controls import controls_of
from nbnodes.errors import ParameterError, UsageError
from nbnodes.graph.assembly import Member
from nbnodes.graph.node import WidgetTrait
from nbnodes.live.graph import Graph


@dataclass(slots=True, kw_only=True)
class Panel:
    """The controls of some nodes of a graph.

    Attributes:
        widgets: By address: "window", or "trend.window" where nodes mean different things by it.
        controls: What the made ones are made of, by address.
        feeds: The made ones again: for each node by parameter.
        made: The addresses whose widgets were made here.
        problems: What the page's address says that cannot hold, one line each.
    """

    widgets: dict[str, Any] = field(default_factory=dict)
    controls: dict[str, Control] = field(default_factory=dict)
    feeds: dict[str, dict[str, WidgetTrait]] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def panel_of(
    graph: Graph,
    names: Iterable[str],
    overrides: Mapping[str, Any],
    address_values: Mapping[str, Any],
) -> Panel:
    """Return the controls of all that these nodes need.

    Args:
        graph: The graph.
        names: The nodes.
        overrides: What to make controls of, by address: abbreviations as of ipywidgets' `interact`,
            widgets, or Controls.
        address_values: Values to begin with, by address, as texts; see `url_values`.

    Raises:
        UsageError: If an override is of no parameter, or no control can be made of it.
    """
    needed = graph.assembly.dag.ancestors(names)
    members = [one for name, one in graph.assembly.members.items() if name in needed]
    panel = Panel()
    for address, group in _addressed(members).items():
        _add(panel, address, group, overrides)
    unknown = [address for address in overrides if address not in panel.widgets]
    if unknown:
        known = ", ".join(panel.widgets) or "none"
        raise UsageError(f"no parameter {', '.join(unknown)} to control (there are: {known})")
    _begin_with(panel, {one.name: one for one in members}, address_values)
    return panel


_Group = list[tuple[Member, str]]


def _addressed(members: Iterable[Member]) -> dict[str, _Group]:
    """Give each parameter that nothing feeds its address; alike ones of several nodes share one."""
    by_name: dict[str, _Group] = {}
    for member in members:
        for name in member.open_parameters:
            if name not in member.constants:
                by_name.setdefault(name, []).append((member, name))
    found: dict[str, _Group] = {}
    for name, group in by_name.items():
        if len({_meaning(member, name) for member, _ in group}) == 1:
            found[name] = group
        else:
            found |= {f"{member.name}.{name}": [(member, name)] for member, _ in group}
    return found


def _meaning(member: Member, name: str) -> str:
    widget = member.widgets.get(name)
    if widget is not None:
        return f"{id(widget.widget)}.{widget.trait}"
    parameter = member.signature.parameters[name]
    return f"{parameter.default!r} {parameter.type!r}"


def _add(panel: Panel, address: str, group: _Group, overrides: Mapping[str, Any]) -> None:
    member, name = group[0]
    given = member.widgets.get(name)
    if given is not None:
        panel.widgets[address] = given.widget
        return
    override = {name: overrides[address]} if address in overrides else {}
    control = controls_of(member.signature, override)[name]
    if not control.is_settable:
        return
    own_widget = overrides.get(address)
    is_widget = isinstance(own_widget, ipywidgets.ValueWidget)
    widget = own_widget if is_widget else control.to_widget()
    if not is_widget:
        panel.made.append(address)
        _mark_guessed(widget, control)
    panel.widgets[address], panel.controls[address] = widget, control
    for one, parameter_name in group:
        trait = WidgetTrait(widget, meaning=control.nearest)  # 0.30000000000000004 is 0.3
        panel.feeds.setdefault(one.name, {})[parameter_name] = trait


def _mark_guessed(widget: Any, control: Control) -> None:
    """Say of bounds that nobody declared that they are guessed, and how to declare them."""
    if control.is_guessed:
        hint = "guessed bounds; declare them by a comment such as # 0..10"
        widget.tooltip = f"{control.help} ({hint})" if control.help else hint
        widget.add_class("nbnodes-guessed")


def _begin_with(panel: Panel, members: Mapping[str, Member], values: Mapping[str, Any]) -> None:
    """Set controls to what the page's address says; what is wrong there is told, and left."""
    for address, text in values.items():
        widget = panel.widgets.get(address)
        if widget is None:
            known = ", ".join(panel.widgets) or "none"
            panel.problems.append(f"{address}: there is no such parameter (there are: {known})")
            continue
        try:
            widget.value = _checked(panel, members, address, text)
        except ParameterError as error:
            panel.problems += error.problems
        except Exception as error:  # noqa: BLE001  # each widget refuses values in its own way
            panel.problems.append(f"{address}: {text!r}: {error}")


def _checked(panel: Panel, members: Mapping[str, Member], address: str, text: Any) -> Any:
    """Coerce a text as the parameter's own notebook would."""
    for member in members.values():
        for name in member.open_parameters:
            if address in (name, f"{member.name}.{name}"):
                fed = member.signature.parameters
                value = member.signature.check({name: text}, fed=fed)[name]
                control = panel.controls.get(address)
                return value if control is None else control.nearest(value)
    return text
