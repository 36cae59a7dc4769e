"""A layout as nested lists becomes boxes: rows, columns in them, rows in those; a dict is tabs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets

Find = Callable[[Any], Any]
"""Returns the widget for an entry: a node, a name, a widget."""


def arranged(layout: Any, find: Find) -> Any:
    """Return a layout's widget.

    Args:
        layout: A list of rows; a row that is a list has columns, a column that is a list has rows,
            and so on. A dict of titles and layouts makes tabs.
        find: Returns the widget of anything else in it.
    """
    return _stacked(layout, find, is_column=True)


def beside(controls: Any, content: Any) -> Any:
    """Put controls at the side of content; below each other where there is no room."""
    box = ipywidgets.Box([controls, content])
    box.add_class("nbnodes-beside")
    return box


def _stacked(layout: Any, find: Find, *, is_column: bool) -> Any:
    if isinstance(layout, Mapping):
        return _tabs(layout, find)
    if not isinstance(layout, list | tuple):
        return find(layout)
    inner = [_stacked(one, find, is_column=not is_column) for one in layout]
    box = ipywidgets.VBox(inner) if is_column else ipywidgets.HBox(inner)
    box.add_class("nbnodes-rows" if is_column else "nbnodes-columns")
    return box


def _tabs(layout: Mapping[Any, Any], find: Find) -> Any:
    tab = ipywidgets.Tab([_stacked(one, find, is_column=True) for one in layout.values()])
    tab.titles = tuple(str(title) for title in layout)
    tab.selected_index = 0
    return tab
