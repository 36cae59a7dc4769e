"""An edition is looked at where that is quickest, and is as the latest look has found it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from notebooks import write_notebook

import nbnodes as nb
from nbnodes.cache.store import Entry
from nbnodes.rest.edition import Edition
from nbnodes.result import CacheKey


class Looks:
    """Looks at an edition: how long they take is told, and where they are made is noted."""

    def __init__(self, folder: Path, session: nb.Session, monkeypatch: pytest.MonkeyPatch) -> None:
        self._store = session.store
        path = write_notebook(folder / "n.ipynb", ("1", "return"))
        self.edition = Edition(session, [session.model(path).notebook])
        self.took_s = 0.0
        self.threads = 0
        self._clock = 0.0
        monkeypatch.setattr("nbnodes.rest.edition.time.perf_counter", self._now)

    def _now(self) -> float:
        self._clock += self.took_s
        return self._clock

    def replace_a_result(self) -> None:
        """Have something change that the edition tells of."""
        assert self._store is not None
        for payload in (b"one", b"two"):
            named = {"notebook": "n", "family": "n", "parts": "{}"}
            self._store.put(Entry(key=CacheKey("k"), payload=payload, cost_s=1.0, **named))

    async def in_thread(self, look: Callable[[], Any]) -> Any:
        self.threads += 1
        return look()

    def look(self, took_s: float) -> int:
        """Look anew; return how many looks were made on another thread by now."""
        self.took_s = took_s
        asyncio.run(self.edition.anew(self.in_thread))
        return self.threads


@pytest.fixture
def looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Looks:
    with nb.Session(cache=tmp_path / "cache") as session:
        return Looks(tmp_path, session, monkeypatch)


def test_quick_looks_are_made_at_once(looks: Looks) -> None:
    assert [looks.look(0.0001) for _ in range(4)] == [1] * 4


def test_one_that_had_to_wait_a_little_makes_none_of_them_slow(looks: Looks) -> None:
    assert [looks.look(took_s) for took_s in (0.0001, 0.006, 0.0001)] == [1] * 3


def test_after_a_slow_one_the_next_is_made_on_another_thread(looks: Looks) -> None:
    assert [looks.look(took_s) for took_s in (0.0001, 0.2, 0.2, 0.0001, 0.0001)] == [1, 1, 2, 3, 3]


def test_looks_that_are_never_quick_are_made_on_other_threads(looks: Looks) -> None:
    assert [looks.look(0.002) for _ in range(10)] == [*range(1, 11)]


def test_a_look_that_nobody_waits_for_any_more_changes_nothing(looks: Looks) -> None:
    async def looked() -> list[object]:
        seen: list[object] = []
        is_begun, may_end = asyncio.Event(), asyncio.Event()

        async def slow(look: Callable[[], Any]) -> Any:
            found = look()
            seen.append(found[0])
            is_begun.set()
            await may_end.wait()
            return found

        first = asyncio.create_task(looks.edition.anew(slow))
        await is_begun.wait()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        looks.replace_a_result()
        found = [await looks.edition.anew(looks.in_thread)]
        may_end.set()
        await asyncio.sleep(0)
        return [*seen, *found, await looks.edition.now(looks.in_thread)]

    before, after, now = asyncio.run(looked())
    assert before != after
    assert now == after
