"""`nb.interact`: a notebook or a function with controls made from what it takes."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, overload

import ipywidgets

from nbnodes.errors import UsageError
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
    return View(_viewable(what, fixed), mode=mode, controls=others)


def _viewable(what: Interactive, fixed: dict[str, Any]) -> Any:
    """Return what a View takes; a Model runs in its own session."""
    if not isinstance(what, Model):
        return Node(what, fixed)
    return Graph(Node(what, fixed), session=what.session) if fixed else what


def _shown(function: Interactive, mode: Mode, controls: dict[str, Any]) -> Interactive:
    from IPython.display import display

    display(interact(function, mode=mode, **controls))
    return function
