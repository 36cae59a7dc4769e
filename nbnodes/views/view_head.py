"""The head of a view: its title, and what could not be used; carries the style of all of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import anywidget
import traitlets

from nbnodes.views.look import script, styles


class ViewHead(anywidget.AnyWidget):
    """Tells the title of a view, and takes no room where there is nothing to tell.

    Args:
        title: The title.
        problems: What of the page's address could not be used, one line each.
    """

    _esm: ClassVar[str] = script("view_head.js")
    _css: ClassVar[str] = styles("view.css")

    title = traitlets.Unicode().tag(sync=True)
    problems = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(self, title: str = "", problems: Iterable[str] = ()) -> None:
        super().__init__(title=title, problems=list(problems))
        self.add_class("nbnodes-view-head")
