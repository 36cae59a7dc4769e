"""A kernel becomes an open notebook: its cells run, and messages move its widgets."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jupyter_client.manager import KernelManager

PATIENCE_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a cell ended.

    Attributes:
        text: What it printed and what stands below it of results, in order.
        error: The name and text of what it raised; "" for nothing.
    """

    text: str
    error: str


class FrontEnd:
    """A front end without a screen, with a kernel of its own."""

    def __init__(self) -> None:
        self._kernel = KernelManager(kernel_name="python3")
        self._kernel.start_kernel()
        self._client = self._kernel.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=PATIENCE_S)
        self._messages: list[dict[str, Any]] = []

    def close(self) -> None:
        """End the kernel."""
        self._client.stop_channels()
        self._kernel.shutdown_kernel(now=True)

    def run(self, code: str, *, subshell: str | None = None) -> Ended:
        """Run a cell to its end."""
        return self.ended(self.begin(code, subshell=subshell))

    def begin(self, code: str, *, subshell: str | None = None) -> str:
        """Have a cell run; return its id."""
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        return self._send("execute_request", content | {"user_expressions": {}}, subshell)

    def ended(self, cell: str) -> Ended:
        """Wait for a cell's end."""
        self.until(lambda: self._is_idle(cell))
        return Ended(text=self.text(cell), error=self.error(cell))

    def is_running(self, cell: str) -> bool:
        """Whether a cell has begun and has not ended, as far as is known."""
        return bool(self._of(cell, "execute_input")) and not self._is_idle(cell)

    def text(self, cell: str) -> str:
        """Return what stands below a cell by now."""
        streams = [c.get("text") or c["data"]["text/plain"] for c in self._shown(cell)]
        return "".join(streams)

    def error(self, cell: str) -> str:
        """Return the error below a cell."""
        return "".join(f"{c['ename']}: {c['evalue']}" for c in self._of(cell, "error"))

    def until(self, condition: Callable[[], object]) -> None:
        """Read messages until something holds."""
        ends_at = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < ends_at, self._messages[-5:]
            self._messages.append(self._client.get_iopub_msg(timeout=PATIENCE_S))

    def subshell(self) -> str:
        """Make a subshell; return its id."""
        request = self._client.session.msg("create_subshell_request", {})
        self._client.control_channel.send(request)
        reply = self._client.control_channel.get_msg(timeout=PATIENCE_S)
        return str(reply["content"]["subshell_id"])

    def comm(self, expression: str) -> str:
        """Return how messages name a widget, given as an expression."""
        return self.run(f"print({expression}.comm.comm_id)").text.strip()

    def move(self, comm: str, value: object, *, subshell: str | None = None) -> str:
        """Set a widget's value, as a person does; return the message's id."""
        state = {"method": "update", "state": {"value": value}, "buffer_paths": []}
        return self._send("comm_msg", {"comm_id": comm, "data": state}, subshell)

    def click(self, comm: str, *, subshell: str | None = None) -> str:
        """Click a button; return the message's id."""
        clicked = {"method": "custom", "content": {"event": "click"}}
        return self._send("comm_msg", {"comm_id": comm, "data": clicked}, subshell)

    def handled(self, message: str) -> None:
        """Wait until the kernel has handled a message that no cell keeps waiting."""
        self.until(lambda: self._is_idle(message))

    def interrupt(self) -> None:
        """Interrupt the cell that runs."""
        self._kernel.interrupt_kernel()

    def _send(self, kind: str, content: dict[str, Any], subshell: str | None) -> str:
        message = self._client.session.msg(kind, content)
        if subshell is not None:
            message["header"]["subshell_id"] = subshell
        self._client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def _of(self, message: str, kind: str) -> list[dict[str, Any]]:
        return [
            m["content"]
            for m in self._messages
            if m["msg_type"] == kind and m["parent_header"].get("msg_id") == message
        ]

    def _shown(self, cell: str) -> list[dict[str, Any]]:
        kinds = ("stream", "execute_result", "display_data")
        return [
            m["content"]
            for m in self._messages
            if m["msg_type"] in kinds and m["parent_header"].get("msg_id") == cell
        ]

    def _is_idle(self, message: str) -> bool:
        return any(c["execution_state"] == "idle" for c in self._of(message, "status"))
