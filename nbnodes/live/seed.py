"""ipywidgets-runner's two functions: a container of widgets is shown, and what feeds it is live."""

from __future__ import annotations

from typing import Any


def start(container: Any) -> None:
    """Show a container of widgets, as ipywidgets-runner's README does."""
    display(container)


def display(container: Any, debug: bool = False) -> None:
    """Show a container of widgets, as ipywidgets-runner does.

    Args:
        container: What to show.
        debug: Whether to log, at level DEBUG and under the name "nbnodes", what graphs do.
    """
    from IPython.display import display as show

    if debug:
        import logging

        logging.getLogger("nbnodes").setLevel(logging.DEBUG)
    show(container)
