"""What is the fork engine's own: its template. The rest is in test_children.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from processes import await_end, call

from nbnodes.engines.fork import ForkEngine


@pytest.fixture
def engine(others: set[psutil.Process]) -> Iterator[ForkEngine]:
    del others
    made = ForkEngine()
    yield made
    made.close()


def template_of(others: set[psutil.Process]) -> psutil.Process:
    (template,) = [p for p in psutil.Process().children() if p not in others and p.children()]
    return template


def test_a_killed_template_is_replaced(
    engine: ForkEngine, others: set[psutil.Process], tmp_path: Path
) -> None:
    call(engine, tmp_path, "1")
    template = template_of(others)
    family = [template, *template.children()]
    template.kill()
    assert await_end(family) == []
    assert call(engine, tmp_path, ("1", "return")).unwrap() == 1


def test_a_spare_that_is_killed_is_replaced(
    engine: ForkEngine, others: set[psutil.Process], tmp_path: Path
) -> None:
    call(engine, tmp_path, "1")
    template = template_of(others)
    spares = template.children()
    for spare in spares:
        spare.kill()
    await_end(spares)
    assert call(engine, tmp_path, ("1", "return")).unwrap() == 1


def test_the_memory_that_a_run_takes_is_expected_of_the_next(
    engine: ForkEngine, tmp_path: Path
) -> None:
    call(engine, tmp_path, "taken = b'x' * 300_000_000")
    template = engine._template
    assert template
    with template._changed:  # it is told once the child has been reaped
        template._changed.wait_for(lambda: template.expected_bytes > 0, 10)
    assert 200_000_000 < template.expected_bytes < 500_000_000
