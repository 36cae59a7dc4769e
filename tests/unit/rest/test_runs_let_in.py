"""Admission: how many runs there may be, in all and for one client."""

from __future__ import annotations

import asyncio

import pytest

from nbnodes.rest.admission import Admission
from nbnodes.rest.limits import Limits
from nbnodes.rest.problem import ProblemError


def test_one_client_is_told_to_wait_for_its_own_runs() -> None:
    admission = Admission(Limits(waiting=10, client_runs=2), workers=2)
    admission.enter("a", 0.0)
    admission.enter("a", 0.0)
    with pytest.raises(ProblemError) as refused:
        admission.enter("a", 3.0)
    assert refused.value.problem.status == 429
    assert refused.value.problem.retry_after_s == 3
    admission.enter("b", 0.0)


def test_a_full_queue_refuses_everybody_until_a_run_ends() -> None:
    admission = Admission(Limits(waiting=2, client_runs=2), workers=1)
    admission.enter("a", 0.0)
    admission.enter("b", 0.0)
    with pytest.raises(ProblemError) as refused:
        admission.enter("c", 100.0)
    assert refused.value.problem.status == 503
    assert refused.value.problem.retry_after_s == 60
    admission.leave("a")
    admission.enter("c", 0.0)
    assert admission.count == 2


def test_a_server_that_ends_takes_no_more() -> None:
    admission = Admission(Limits(), workers=1)
    admission.close()
    with pytest.raises(ProblemError) as refused:
        admission.enter("a", 0.0)
    assert refused.value.problem.status == 503


@pytest.mark.parametrize("limits", [Limits(client_runs=1), Limits(waiting=1)])
def test_who_waits_for_room_has_it_when_a_run_ends(limits: Limits) -> None:
    async def wait() -> None:
        admission = Admission(limits, workers=1)
        admission.enter("a", 0.0)
        waiting = asyncio.create_task(admission.room("a"))
        await asyncio.sleep(0)
        assert not waiting.done()
        admission.leave("a")
        await asyncio.wait_for(waiting, 10)
        admission.enter("a", 0.0)

    asyncio.run(wait())


def test_nobody_waits_for_room_in_a_server_that_ends() -> None:
    async def wait() -> None:
        admission = Admission(Limits(client_runs=1), workers=1)
        admission.enter("a", 0.0)
        waiting = asyncio.create_task(admission.room("a"))
        await asyncio.sleep(0)
        admission.close()
        await asyncio.wait_for(waiting, 10)

    asyncio.run(wait())
