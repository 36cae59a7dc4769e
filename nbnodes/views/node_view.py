"""A node on the screen: a header that tells where it stands, and below it what it gave."""

from __future__ import annotations

import logging
import threading

import ipywidgets

from nbnodes.errors import NbnodesError
from nbnodes.live.status import Status
from nbnodes.result import Result
from nbnodes.views.binding import Binding
from nbnodes.views.code_text import code_text
from nbnodes.views.files import offered, written
from nbnodes.views.node_header import NodeHeader
from nbnodes.views.shown import Outputs

_log = logging.getLogger("nbnodes")
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
        self.header.formats = offered(result)

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
        """Send what is shown now as a file, soon: a large one takes long to write."""
        result = self.binding.screens.result(self.node_name)
        if result is None:
            self.header.tell("there is nothing to save yet")
            return
        threading.Thread(
            target=self._save, args=(result, format_name), name="nbnodes-saving", daemon=True
        ).start()

    def _save(self, result: Result, format_name: str) -> None:
        try:
            file = written(result, self.node_name, format_name)
        except (NbnodesError, LookupError) as error:
            self.header.tell(str(error))
        except Exception as error:  # noqa: BLE001  # writing runs the code of the value's class
            _log.info("%s was not saved as %s", self.node_name, format_name, exc_info=True)
            self.header.tell(f"{type(error).__name__}: {error}")
        else:
            self.header.send_file(file.name, file.mime, file.content)
