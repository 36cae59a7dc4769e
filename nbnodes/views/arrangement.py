"""A layout as nested lists becomes boxes: rows, columns in them, rows in those; a dict is tabs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ipywidgets


class Arrangement:
    """Puts widgets into boxes, and can close these without what was put into them.

    Args:
        find: Returns the widget for an entry of a layout: a node, a name, a widget.
    """

    def __init__(self, find: Callable[[Any], Any]) -> None:
        self._find = find
        self._boxes: list[Any] = []

    def arranged(self, layout: Any) -> Any:
        """Return a layout's widget.

        Args:
            layout: A list of rows; a row that is a list has columns, a column that is a list has
                rows, and so on. A dict of titles and layouts makes tabs. Anything else is an entry.
        """
        return self._stacked(layout, is_column=True)

    def column(self, widgets: Iterable[Any], name: str) -> Any:
        """Put widgets below each other, in a box with a name for style sheets."""
        return self._box(ipywidgets.VBox, widgets, name)

    def beside(self, controls: Any, content: Any) -> Any:
        """Put controls at the side of content; below each other where there is no room."""
        return self._box(ipywidgets.Box, [controls, content], "nbnodes-beside")

    def close(self) -> None:
        """Empty and close the boxes: one that holds what is closed could not be shown any more."""
        for box in self._boxes:
            box.children = ()
            box.close()

    def _stacked(self, layout: Any, *, is_column: bool) -> Any:
        if isinstance(layout, Mapping):
            return self._tabs(layout)
        if not isinstance(layout, list | tuple):
            return self._find(layout)
        inner = [self._stacked(one, is_column=not is_column) for one in layout]
        if is_column:
            return self._box(ipywidgets.VBox, inner, "nbnodes-rows")
        return self._box(ipywidgets.HBox, inner, "nbnodes-columns")

    def _tabs(self, layout: Mapping[Any, Any]) -> Any:
        inner = [self._stacked(one, is_column=True) for one in layout.values()]
        tab = self._box(ipywidgets.Tab, inner, "nbnodes-tabs")
        tab.titles = tuple(str(title) for title in layout)
        tab.selected_index = 0 if layout else None
        return tab

    def _box(self, kind: type[Any], widgets: Iterable[Any], name: str) -> Any:
        box = kind([*widgets])
        box.add_class(name)
        self._boxes.append(box)
        return box
