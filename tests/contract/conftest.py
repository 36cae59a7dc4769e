"""Every engine, and `run`: cells go in, a Result comes out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from cells import ENGINES, Run, run_cells

from nbnodes.engines.engine import Engine
from nbnodes.engines.registry import open_engine

ISOLATED = ("fork", "kernel", "papermill", "spawn")


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    yield from _opened(request.param)


@pytest.fixture(scope="session", params=ISOLATED)
def isolated_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    yield from _opened(request.param)


@pytest.fixture(scope="session")
def inprocess_engine() -> Iterator[Engine]:
    yield from _opened("inprocess")


@pytest.fixture(scope="session")
def kernel_engine() -> Iterator[Engine]:
    yield from _opened("kernel")


@pytest.fixture
def run(engine: Engine, tmp_path: Path) -> Run:
    return partial(run_cells, engine, tmp_path)


@pytest.fixture
def run_isolated(isolated_engine: Engine, tmp_path: Path) -> Run:
    return partial(run_cells, isolated_engine, tmp_path)


@pytest.fixture
def run_inprocess(inprocess_engine: Engine, tmp_path: Path) -> Run:
    return partial(run_cells, inprocess_engine, tmp_path)


def _opened(name: str) -> Iterator[Engine]:
    engine = open_engine(name)
    yield engine
    engine.close()
