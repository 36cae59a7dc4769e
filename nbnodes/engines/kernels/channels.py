"""The connection to one live kernel: requests go out, their messages come back, or its end."""

from __future__ import annotations

import math
import os
import re
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from nbnodes.engines.raised import RaisedError
from nbnodes.errors import EngineError, KernelDiedError

_QUIET_S = 0.05
_LAST_WORDS_S = 0.01  # from a process's end to the last of what it sent
_IDLE_AFTER_REPLY_S = 5.0
_SHOWN_CLASS = re.compile(r"<class '(?:.*\.)?(\w+)'>")
_TICK_S = 0.05  # how often death is looked at where no descriptor tells of it

Message = tuple[str, Mapping[str, Any]]
OnMessage = Callable[[str, Mapping[str, Any]], None]
Outcome = tuple[RaisedError | None, bool]


class Patience(Protocol):
    """How long to wait: a `RunRequest`, or the `Run` it became."""

    @property
    def remaining_s(self) -> float | None:
        """Seconds until there is no point in waiting; None for no limit."""

    def interruption(self) -> EngineError | None:
        """Return why to stop waiting, as the error to raise; None to go on."""


class Waker:
    """Ends a wait on descriptors. Safe from any thread, and after it was closed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._near, self._far = socket.socketpair()
        self._far.setblocking(False)
        self._near.setblocking(False)

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._near.fileno()

    def wake(self) -> None:
        """End the wait, or the next one."""
        with self._lock, suppress(OSError):  # closed, or so full that it wakes anyway
            self._far.send(b"!")

    def drain(self) -> None:
        """Let the next wait wait."""
        with suppress(BlockingIOError):
            self._near.recv(4096)

    def close(self) -> None:
        """Close both ends."""
        with self._lock:
            self._near.close()
            self._far.close()


class KernelChannels:
    """Requests and their messages. Belongs to one thread at a time.

    Args:
        client: jupyter_client's, its channels started.
        end: A descriptor that is readable once the process has ended (pidfd_open(2)); None where
            there is none.
        how_it_ended: Says how the process ended; None while it has not.
        is_orderly: Whether a request's last output comes before it is said to be done.

    Attributes:
        waker: Ends a wait, so that its `Patience` is asked again.
    """

    def __init__(
        self,
        client: Any,
        *,
        end: int | None,
        how_it_ended: Callable[[], str | None],
        is_orderly: bool,
    ) -> None:
        import zmq

        self.waker = Waker()
        self._client = client
        self._end = end
        self._how_it_ended = how_it_ended
        self._is_orderly = is_orderly
        self._early: dict[str, deque[Message]] = {}  # by request that nobody has waited for yet
        self._sockets = {"iopub": client.iopub_channel.socket, "shell": client.shell_channel.socket}
        self._poller = zmq.Poller()
        self._sockets_only = zmq.Poller()
        for its_socket in self._sockets.values():
            self._poller.register(its_socket, zmq.POLLIN)
            self._sockets_only.register(its_socket, zmq.POLLIN)
        self._poller.register(self.waker.fileno(), zmq.POLLIN)
        if end is not None:
            self._poller.register(end, zmq.POLLIN)

    def await_ready(self, patience: Patience, *, ask_again_s: float) -> None:
        """Wait until the kernel answers and its outputs reach us.

        A reply alone is not enough: IOPub subscribes later, and the first outputs would be lost.

        Raises:
            EngineError: If it died, or `patience` ended.
        """
        asked: list[str] = []
        while True:
            asked.append(self._client.kernel_info())
            ask_at = time.monotonic() + ask_again_s
            while (left_s := ask_at - time.monotonic()) > 0:
                for channel, message in self._arrived(patience, left_s):
                    if channel == "iopub" and _parent(message) in asked:
                        return

    def send(self, code: str, *, silent: bool = False) -> str:
        """Send code to run after what was sent before; return the request's number."""
        sent = str(
            self._client.execute(code, silent=silent, allow_stdin=False, stop_on_error=False)
        )
        self._early[sent] = deque()
        return sent

    def outcome(
        self,
        sent: str,
        patience: Patience,
        on_message: OnMessage = lambda _kind, _content: None,
    ) -> Outcome:
        """Wait until code has run, and hand on what it shows. Once for each request, in order.

        Returns:
            What it raised, and whether it asked to end the kernel (`exit()`).

        Raises:
            EngineError: If the kernel died, or `patience` ended.
        """
        state = _State()
        backlog = self._early.pop(sent)
        while True:
            while backlog:
                state.take(backlog.popleft(), on_message)
            if state.is_over and self._is_orderly:
                break
            arrived = self._arrived(patience, state.patience_s)
            if not arrived:
                break
            for channel, message in arrived:
                parent = _parent(message)
                waiting = backlog if parent == sent else self._early.get(parent)
                if waiting is not None:
                    waiting.append((channel, message))
        return _outcome(state.reply or {})

    @property
    def has_unawaited(self) -> bool:
        """Whether something was sent whose outcome nobody has waited for."""
        return bool(self._early)

    def forget_unawaited(self) -> None:
        """Forget what was sent and will not be waited for."""
        self._early.clear()

    def interrupt(self) -> None:
        """Ask by message that the running code stops."""
        message = self._client.session.msg("interrupt_request", content={})
        self._client.control_channel.send(message)

    def await_any_reply(self, within_s: float) -> None:
        """Wait until some code has run, the process ended, or the time is over."""
        until = time.monotonic() + within_s
        while (left_s := until - time.monotonic()) > 0:
            ready = self._poll(self._poller, left_s)
            if self._end in ready or any(ch == "shell" for ch, _ in self._received(ready)):
                return
            self.waker.drain()

    def close(self) -> None:
        """Close the connection."""
        self._client.stop_channels()
        self.waker.close()
        if self._end is not None:
            os.close(self._end)

    def _arrived(self, patience: Patience, within_s: float | None = None) -> list[Message]:
        """Wait for messages; raise if there is no point in waiting.

        Returns:
            Those that arrived; none only if the time is over.
        """
        until = math.inf if within_s is None else time.monotonic() + within_s
        while True:
            error = patience.interruption()
            if error:
                raise error
            ready = self._poll(self._poller, self._wait_s(patience, until))
            messages = self._received(ready)
            if not messages and (self._end in ready or self._end is None):
                messages = self._last_words()
            if messages or time.monotonic() >= until:
                return messages
            self.waker.drain()

    def _wait_s(self, patience: Patience, until: float) -> float | None:
        left_s = [until - time.monotonic(), patience.remaining_s]
        if self._end is None:
            left_s.append(_TICK_S)
        shortest_s = min(left for left in left_s if left is not None)
        return None if shortest_s == math.inf else max(0.0, shortest_s)

    def _last_words(self) -> list[Message]:
        """Return what a dead kernel still sent; raise when that was all."""
        how = self._how_it_ended()
        if how is None:
            return []
        messages = self._received(self._poll(self._sockets_only, _LAST_WORDS_S))
        if not messages:
            raise KernelDiedError(how)
        return messages

    def _poll(self, poller: Any, wait_s: float | None) -> set[Any]:
        return set(dict(poller.poll(None if wait_s is None else math.ceil(wait_s * 1000))))

    def _received(self, ready: set[Any]) -> list[Message]:
        messages = []
        for channel, its_socket in self._sockets.items():
            while its_socket in ready:
                _, message = self._client.session.recv(its_socket)
                if message is None:
                    break
                messages.append((channel, message))
        return messages


class _State:
    """How far a request has come."""

    def __init__(self) -> None:
        self.reply: Mapping[str, Any] | None = None
        self._is_idle = False

    @property
    def is_over(self) -> bool:
        """Whether the kernel has replied and says that it is idle."""
        return self.reply is not None and self._is_idle

    @property
    def patience_s(self) -> float | None:
        """How long to wait for more; None as long as it takes.

        The idle message may be lost, as ZeroMQ does when it is flooded. Some kernels, deno's for
        one, say idle before their last outputs.
        """
        if self.reply is None:
            return None
        return _QUIET_S if self._is_idle else _IDLE_AFTER_REPLY_S

    def take(self, message: Message, on_message: OnMessage) -> None:
        """Take one of its messages."""
        channel, (kind, content) = message[0], (message[1]["msg_type"], message[1]["content"])
        if channel == "shell":
            self.reply = content
        elif kind == "status":
            self._is_idle = self._is_idle or content["execution_state"] == "idle"
        elif kind == "error":
            on_message(kind, {**content, "ename": _name(content.get("ename"))})
        else:
            on_message(kind, content)


def _name(ename: str | None) -> str:
    """Return an exception's name; xeus-python gives its class as `repr` shows it."""
    shown = _SHOWN_CLASS.fullmatch(ename or "")
    return shown[1] if shown else ename or "Error"


def _parent(message: Mapping[str, Any]) -> str:
    return str((message["parent_header"] or {}).get("msg_id", ""))


def _outcome(reply: Mapping[str, Any]) -> Outcome:
    exits = any(p.get("source") == "ask_exit" for p in reply.get("payload") or ())
    if reply.get("status") not in ("error", "aborted"):
        return None, exits
    error = RaisedError(
        ename=_name(reply.get("ename")),
        evalue=str(reply.get("evalue", "")),
        traceback=tuple(reply.get("traceback", ())),
    )
    return None if error.is_of_display else error, exits
