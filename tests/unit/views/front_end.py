"""What a widget sends to its front end, noted; and messages as a front end sends them."""

from __future__ import annotations

from typing import Any

from comm.base_comm import BaseComm
from ipywidgets import Widget


class FrontEnd(BaseComm):
    """The far end of a widget's comm.

    Attributes:
        messages: What was sent to it besides state, with its buffers.
        updates: The states that were sent to it.
    """

    def __init__(self, widget: Widget) -> None:
        super().__init__(target_name="jupyter.widget")
        self.messages: list[tuple[Any, list[bytes]]] = []
        self.updates: list[dict[str, Any]] = []
        self._widget = widget
        widget.comm = self

    def publish_msg(self, msg_type: str, data: Any = None, **more: Any) -> None:
        if msg_type != "comm_msg":
            return
        if data["method"] == "custom":
            self.messages.append((data["content"], list(more.get("buffers") or [])))
        if data["method"] == "update":
            self.updates.append(data["state"])

    def say(self, **content: Any) -> None:
        """Send the widget a message, as a button does."""
        data = {"method": "custom", "content": content}
        self.handle_msg({"content": {"data": data}, "buffers": []})

    def change(self, **state: Any) -> None:
        """Change the widget's traits, as a front end does."""
        data = {"method": "update", "state": state, "buffer_paths": []}
        self.handle_msg({"content": {"data": data}, "buffers": []})
