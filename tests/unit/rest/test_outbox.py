"""An Outbox: what is sent to a page, one after the other, whatever happens to one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from nbnodes.rest.routes.live import Outbox
from nbnodes.rest.showing import Message


def test_a_message_that_cannot_be_sent_is_told_and_silences_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def put() -> list[Any]:
        done: asyncio.Queue[Any] = asyncio.Queue()

        async def send(message: Message) -> None:
            if message["type"] == "wrong":
                raise ValueError("Out of range float values are not JSON compliant")
            done.put_nowait(message["type"])

        outbox = Outbox(send, lambda: done.put_nowait("failed"))
        heard = []
        for kind in ("wrong", "right"):
            outbox.put({"type": kind})
            heard.append(await asyncio.wait_for(done.get(), 10))
        return heard

    assert asyncio.run(put()) == ["failed", "right"]
    assert "connect again" in caplog.text


def test_newer_messages_take_the_places_of_those_that_wait() -> None:
    async def put() -> list[Message]:
        done: asyncio.Queue[Message] = asyncio.Queue()
        outbox = Outbox(done.put, lambda: None)
        outbox.put({"type": "states", "cards": {"a": 1, "b": 1}})
        outbox.put({"type": "states", "cards": {"b": 2}})
        outbox.put({"type": "end"})
        return [await asyncio.wait_for(done.get(), 10) for _ in range(2)]

    sent = asyncio.run(put())
    assert sent == [{"type": "states", "cards": {"a": 1, "b": 2}}, {"type": "end"}]
