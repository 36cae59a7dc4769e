"""The head of a node's card: where it stands goes in, what a person asks for comes out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import anywidget
import traitlets

from nbnodes.errors import NbnodesError
from nbnodes.graph.drawing.picture import KINDS, STATES
from nbnodes.views.look import script, styles

_log = logging.getLogger("nbnodes")
_ACTIONS = frozenset({"run", "cancel", "download", "code"})


class NodeHeader(anywidget.AnyWidget):
    """Tells in words, icon and colour where a node stands, and offers what can be done about it.

    Its style sheet holds for the whole card: a box with the class `nbnodes-node` and one of
    `nbnodes-is-fresh`, `nbnodes-is-stale` and so on, which has this as its first child. Old content
    that stands beside an error may have the class `nbnodes-old`.

    Traits may be set on any thread.

    Attributes:
        name: The node's name.
        kind: What it is.
        state: Where it stands.
        reason: Why, in words.
        fraction: How much of a run is done, of 1; None if unknown.
        progress_text: How far it is, in words: "3 of 7 cells".
        eta_s: Seconds that the rest of the run is expected to take; None if unknown.
        is_runnable: Whether a person may run it.
        formats: What its Result can be downloaded as.
        has_code: Whether it has code to show.
        problem: What went wrong with what was asked for here; the person may dismiss it.
    """

    _esm: ClassVar[str] = script("node_header.js")
    _css: ClassVar[str] = styles("node_header.css")

    name = traitlets.Unicode().tag(sync=True)
    kind = traitlets.Enum(KINDS, default_value="notebook").tag(sync=True)
    state = traitlets.Enum(STATES, default_value="stale").tag(sync=True)
    reason = traitlets.Unicode().tag(sync=True)
    fraction = traitlets.Float(None, allow_none=True, min=0.0, max=1.0).tag(sync=True)
    progress_text = traitlets.Unicode().tag(sync=True)
    eta_s = traitlets.Float(None, allow_none=True, min=0.0).tag(sync=True)
    is_runnable = traitlets.Bool(default_value=False).tag(sync=True)
    formats = traitlets.List(traitlets.Unicode()).tag(sync=True)
    has_code = traitlets.Bool(default_value=False).tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)

    def __init__(self, **values: Any) -> None:
        self._callbacks: list[Callable[[str, str], None]] = []
        super().__init__(**values)
        self.layout.min_height = "37px"  # nothing moves when the script arrives
        self.add_class("nbnodes-head")
        self.on_msg(self._on_message)

    def on_ask(self, callback: Callable[[str, str], None]) -> None:
        """Have a function called with what a person asks for.

        It gets "run", "cancel", "code" or "download", and the format for "download", else "". What
        it raises is told in the header.
        """
        self._callbacks.append(callback)

    def send_file(self, name: str, mime: str, content: bytes) -> None:
        """Give a file to the browser that asked for a download."""
        self.send({"show": "file", "name": name, "mime": mime}, buffers=[content])

    def show_code(self, text: str, language: str = "python") -> None:
        """Unfold the node's code below the header."""
        self.send({"show": "code", "text": text, "language": language})

    def tell(self, problem: str) -> None:
        """Say what went wrong, until the person dismisses it."""
        self.problem = problem

    def _on_message(self, _: object, content: object, __: Sequence[memoryview]) -> None:
        asked = content if isinstance(content, Mapping) else {}
        action, detail = str(asked.get("do", "")), str(asked.get("format", ""))
        if action not in _ACTIONS or (action == "download") != (detail in self.formats):
            _log.warning("%s was asked for what it does not offer: %r", self.name, content)
            return
        self.problem = ""
        for callback in tuple(self._callbacks):
            try:
                callback(action, detail)
            except Exception as error:  # noqa: BLE001  # the person who asked is told
                _log.info("%s: %s failed", self.name, action, exc_info=True)
                self.tell(_told(error))


def _told(error: Exception) -> str:
    if isinstance(error, NbnodesError):
        return str(error)
    return f"{type(error).__name__}: {error}"
