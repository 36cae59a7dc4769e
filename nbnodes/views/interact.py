"""`nb.interact`: a notebook or a function with controls made from what it takes."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, overload

import ipywidgets

from nbnodes.control.controls import controls_of
from nbnodes.errors import UsageError
from nbnodes.graph.function import Function, function_name
from nbnodes.graph.node import Node
from nbnodes.live.graph import Graph
from nbnodes.session import Model
from nbnodes.views.binding import Mode
from nbnodes.views.view import View

Interactive = Model | Node | str | os.PathLike[str] | Callable[..., Any]


@overload
def interact(what: Interactive, /, *, mode: Mode = "auto", **controls: Any) -> View: ...
@overload
def interact(*, mode: Mode = "auto", **controls: Any) -> Callable[[Interactive], Interactive]: ...
def interact(
    what: Interactive | None = None, /, *, mode: Mode = "auto", **controls: Any
) -> View | Callable[[Interactive], Interactive]:
    """Show controls for a notebook or a function, and what it gives.

    Without a function it is a decorator, as `ipywidgets.interact`: the view is shown at once.

    Args:
        what: A Model, a notebook's path, a Node, or any callable.
        mode: As of `View`.
        **controls: What to make controls of instead of what the parameters say: a pair of bounds, a
            list of choices, a value, a widget, a Control; `fixed(value)` for none.

    Raises:
        UsageError: If no control can be made of something.
    """
    if what is None:
        return lambda function: _shown(function, mode, controls)
    fixed = {n: one.value for n, one in controls.items() if isinstance(one, ipywidgets.fixed)}
    others = {name: one for name, one in controls.items() if name not in fixed}
    if isinstance(what, Node):
        if fixed:
            raise UsageError("interact: give what is fixed to the Node, as its input")
        return View(what, mode=mode, controls=others)
    inputs = fixed | (_required_controls(what, others) if fixed else {})
    return View(_viewable(what, inputs), mode=mode, controls=others)


def _viewable(what: Interactive, inputs: dict[str, Any]) -> Any:
    """Return what a View takes; a Model runs in its own session."""
    if not inputs:
        return what if isinstance(what, Model) else Node(what)
    session = what.session if isinstance(what, Model) else None
    return Graph(Node(what, inputs), session=session)


def _required_controls(what: Interactive, controls: dict[str, Any]) -> dict[str, Any]:
    """Take out the controls of what a function requires; return their widgets, as inputs."""
    if isinstance(what, Model | str | os.PathLike) or not callable(what):
        return {}
    function = Function.of(what, name=function_name(what), inputs=0)
    named = {name: controls.pop(name) for name in function.required if name in controls}
    made = controls_of(function.signature, named) if named else {}
    return {
        name: given if isinstance(given, ipywidgets.ValueWidget) else made[name].to_widget()
        for name, given in named.items()
    }


def _shown(function: Interactive, mode: Mode, controls: dict[str, Any]) -> Interactive:
    from IPython.display import display

    display(interact(function, mode=mode, **controls))
    return function
