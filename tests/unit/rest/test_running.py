"""A run that requests wait for: whoever waits hears what there is to hear, once."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import pytest

from nbnodes.engines.engine import CancelToken
from nbnodes.rest.problem import ProblemError
from nbnodes.rest.running import Running
from nbnodes.result import Success
from nbnodes.scheduler.workers import RunFuture

RESULT = Success(name="n", engine="fake", value=1)


class Endpoint:
    """What runs when a test says so."""

    name = "n"

    def __init__(self) -> None:
        self.future = RunFuture(CancelToken())

    def submit(self, *_: Any) -> RunFuture:
        return self.future


def test_who_gives_up_a_run_that_has_ended_loses_nothing() -> None:
    async def heard() -> Any:
        endpoint: Any = Endpoint()
        running = Running(endpoint, {})
        endpoint.future.set_result(RESULT)
        running.give_up()
        return await running.result()

    assert asyncio.run(heard()) is RESULT


def test_who_waits_for_a_run_that_is_given_up_is_told_at_once() -> None:
    async def heard() -> Any:
        endpoint: Any = Endpoint()
        running = Running(endpoint, {})
        waiting = asyncio.create_task(running.result())
        await asyncio.sleep(0)
        running.give_up()
        return await waiting

    with pytest.raises(ProblemError):
        asyncio.run(heard())


def test_a_run_that_has_ended_is_let_go_of_without_the_collector() -> None:
    async def left() -> Any:
        endpoint: Any = Endpoint()
        running = Running(endpoint, {})
        endpoint.future.set_result(RESULT)
        await running.result()
        return weakref.ref(running)

    gc.disable()
    try:
        assert asyncio.run(left())() is None
    finally:
        gc.enable()
