"""A node on the screen: a header that tells where it stands, and below it what it gave."""

from __future__ import annotations

from typing import Any

import ipywidgets

from nbnodes.errors import FormatError, NbnodesError
from nbnodes.formats import render
from nbnodes.result import Failure, Result, Success
from nbnodes.views.binding import Binding
from nbnodes.views.code_text import code_text
from nbnodes.views.node_header import NodeHeader
from nbnodes.views.screen import Status
from nbnodes.views.shown import Outputs

_MIMES = {
    "json": "application/json",
    "csv": "text/csv",
    "png": "image/png",
    "ipynb": "application/x-ipynb+json",
}
_AGAIN = ("failed", "cancelled", "blocked")


class NodeView(ipywidgets.VBox):
    """A live view of one node of a graph.

    Old content stays, dimmed, until new content replaces it at once. The header tells the state in
    words, by an icon and by colour, and why; it has buttons to run, stop, save and read the code.

    Args:
        name: The node's name in its graph.
        binding: The graph's.
    """

    def __init__(self, name: str, binding: Binding) -> None:
        self.node_name = name
        self.binding = binding
        member = binding.graph.assembly.members[name]
        self.body = ipywidgets.Output()
        self.header = NodeHeader(name=name, kind=member.kind, has_code=True)
        super().__init__([self.header, self.body])
        self._is_by_hand = binding.mode != "auto" or member.options.trigger != "auto"
        self._is_volatile = not member.options.cache
        self._dom_classes = ("nbnodes-node", "nbnodes-is-stale")
        self.header.on_ask(self._answer)
        binding.show(name, self)

    def show_status(self, status: Status) -> None:
        """See `Screen.show_status`."""
        # first: drawing the header takes the page longer than dimming the card
        classes = ("nbnodes-node", f"nbnodes-is-{status.state}")
        if self._dom_classes != classes:
            self._dom_classes = classes
        with self.header.hold_sync():
            self.header.state = status.state
            self.header.reason = status.reason
            self.header.fraction = status.fraction
            self.header.progress_text = status.progress_text
            self.header.eta_s = status.left_s
            self.header.is_runnable = self._is_runnable(status)

    def show_result(self, result: Result, outputs: Outputs) -> None:
        """See `Screen.show_result`."""
        if self.body.outputs != outputs:
            self.body.outputs = outputs
        self.header.formats = _offered(result)

    def close(self) -> None:
        """Show the node here no more; may be called twice."""
        self.binding.hide(self.node_name, self)
        self.children = ()
        for widget in (self.header, self.body):
            widget.close()
        super().close()

    def _is_runnable(self, status: Status) -> bool:
        if status.state == "fresh":
            return self._is_volatile
        return status.state in _AGAIN or (status.state == "stale" and self._is_by_hand)

    def _answer(self, action: str, detail: str) -> None:
        """Do what a button asks for."""
        match action:
            case "run":
                self.binding.run(self.node_name)
            case "cancel":
                self.binding.cancel(self.node_name)
            case "code":
                self.header.show_code(*code_text(self.binding.graph, self.node_name))
            case "download":
                self._download(detail)
            case _:
                self.header.tell(f"there is no {action}")

    def _download(self, format_name: str) -> None:
        result = self.binding.screens.result(self.node_name)
        if result is None:
            self.header.tell("there is nothing to save yet")
            return
        try:
            content = _content(result, format_name)
        except (NbnodesError, LookupError) as error:
            self.header.tell(str(error))
            return
        mime = _MIMES.get(format_name, "application/octet-stream")
        self.header.send_file(f"{self.node_name}.{format_name}", mime, content)


def _content(result: Result, format_name: str) -> bytes:
    """Write a Result as a file.

    Raises:
        FormatError: If it has no such form.
        LookupError: If it does not carry its notebook.
    """
    if format_name == "ipynb":
        from nbnodes.formats import json_text

        return json_text(result.notebook_json()).encode()
    if isinstance(result, Failure):
        raise FormatError(f"{result.name} has failed: there is no value to save")
    content = render(result, format_name)
    return content if isinstance(content, bytes) else content.encode()


def _offered(result: Result) -> list[str]:
    """Return the formats worth offering; whether the value has them all, saving will tell."""
    found = []
    if isinstance(result, Success):
        found += ["json"] if _may_be_json(result.value) else []
        found += ["csv"] if _may_be_table(result.value) else []
        found += ["png"] if _may_be_picture(result) else []
    if result.document is not None or result.executed is not None:
        found.append("ipynb")
    return found


def _may_be_json(value: Any) -> bool:
    library = type(value).__module__.partition(".")[0]
    return library in ("builtins", "datetime", "decimal", "numpy", "pandas", "uuid")


def _may_be_table(value: Any) -> bool:
    return hasattr(value, "to_csv") or (isinstance(value, list | tuple) and bool(value))


def _may_be_picture(result: Success) -> bool:
    bundles = (output.get("data", {}) for output in result.outputs)
    return hasattr(result.value, "savefig") or any("image/png" in bundle for bundle in bundles)
