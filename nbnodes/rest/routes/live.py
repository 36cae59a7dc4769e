"""`/pages/{name}/live`: a page's socket. What it sets goes in, what it shows comes out."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from tornado.websocket import WebSocketClosedError, WebSocketHandler

from nbnodes.errors import EngineError, NbnodesError
from nbnodes.rest.route import Route, named
from nbnodes.rest.showing import Message
from nbnodes.rest.subject import Subject
from nbnodes.rest.visit import Visit

_log = logging.getLogger("nbnodes.rest")
_FULL = 1013  # "try again later", RFC 6455's registry
_WRONG = 1007  # what was sent has no sense
_BROKEN = 1011  # "an unexpected condition"; the page connects again
_GONE = 4404  # of ours: there is no such page


class Live(WebSocketHandler, Route):
    """A page's socket."""

    template = "/pages/{name}/live"
    running = frozenset({"GET"})
    visit: Visit | None = None

    async def open(self, *names: str, **_: str) -> None:
        """Begin a Visit."""
        self.set_nodelay(True)
        try:
            subject = await self.desk.catalogue.subject(named(names[0]))
        except NbnodesError as error:
            await self.write_message(json.dumps({"type": "gone", "reason": str(error)}))
            self.close(_GONE)
            return
        if self._is_full():
            self.close(_FULL, "too many pages are open")
            return
        self._outbox = Outbox(self._sent, lambda: self.close(_BROKEN, "a message went wrong"))
        loop = asyncio.get_running_loop()

        def send(message: Message) -> None:
            loop.call_soon_threadsafe(self._outbox.put, message)

        end, count = self.desk.endings.soon, self.desk.metrics.result
        self.visit = Visit(
            subject, self.desk.drawings, send, end=end, count=count, client=self.client
        )
        self.desk.visits.add(self.visit)

    def on_message(self, message: str | bytes) -> None:
        """Take what a page sends."""
        if self.visit is None:
            return
        try:
            self._take(self.visit, json.loads(message))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            _log.info("a page sent what has no sense: %s", error)
            self.close(_WRONG, "this is no message of a page")
        except EngineError:  # its graph has broken down, and the log has it; a new one may go on
            self.close(_BROKEN, "the graph of this page cannot go on")

    def on_close(self) -> None:
        """End the Visit, and what only it wants."""
        if self.visit is not None:
            self.desk.visits.discard(self.visit)
            self.visit.close()

    def check_origin(self, origin: str) -> bool:
        """Whether a page of that origin may open it."""
        return self.is_own_origin(origin)

    def _is_full(self) -> bool:
        limits, visits = self.desk.limits, self.desk.visits
        own = sum(one.client == self.client for one in visits)
        return len(visits) >= limits.visits or own >= limits.client_visits

    async def _sent(self, message: Message) -> None:
        try:
            await self.write_message(json.dumps(message, allow_nan=False))
        except WebSocketClosedError:
            return
        if message["type"] == "gone":
            self.close(1001, "closing")

    @staticmethod
    def _take(visit: Visit, message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "hello":
                visit.hello(dict(message["values"]), dict(message.get("shown", {})))
            case "set":
                visit.set(int(message["seq"]), dict(message["values"]))
            case "run":
                visit.run(map(str, message["cards"]))
            case "stop":
                visit.stop(map(str, message["cards"]))
            case other:
                raise ValueError(f"{other!r} is no kind of message")


class Outbox:
    """Messages on their way to a page that may read slowly: newer ones take older ones' places.

    Used on the event loop only.

    Args:
        send: Sends one; done when the page's side has taken it.
        fail: Called if one cannot be sent, so that the page does not wait for ever.
    """

    def __init__(self, send: Callable[[Message], Any], fail: Callable[[], None]) -> None:
        self._send, self._fail = send, fail
        self._waiting: dict[str, Message] = {}
        self._task: asyncio.Task[None] | None = None

    def put(self, message: Message) -> None:
        """Take a message; cards that it does not name stay as an older one has them."""
        kind = message["type"]
        older = self._waiting.pop(kind, None)
        for part in ("cards", "problems"):
            if older is not None and part in message:
                message[part] = {**older[part], **message[part]}
        self._waiting[kind] = message
        if self._task is None:
            self._task = asyncio.ensure_future(self._work())

    async def _work(self) -> None:
        try:
            while self._waiting:
                kind = next(iter(self._waiting))
                await self._send(self._waiting.pop(kind))
        except Exception:  # noqa: BLE001  # whatever it is, a page that hears no more is worse
            _log.exception("a message for a page cannot be sent: the page is to connect again")
            self._fail()
        finally:
            self._task = None


def followed(visit: Visit, subjects: Mapping[str, Subject], *, is_same_code: bool) -> None:
    """Have a Visit show its subject as it is now; one that is not served any more ends.

    Args:
        visit: The visit.
        subjects: All that is served, by name.
        is_same_code: Whether the modules that it imports are as they were; where the subject is,
            too, nothing is done.
    """
    subject = subjects.get(visit.subject.name)
    if subject is None:
        visit.close("its notebook was removed or renamed")
    elif subject is not visit.subject or not is_same_code:
        visit.follow(subject)
