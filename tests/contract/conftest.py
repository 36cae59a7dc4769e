"""Every engine, and `run`: cells go in, a Result comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from notebooks import CellText, notebook

from nbnodes.engines.engine import Engine, RunRequest
from nbnodes.engines.registry import open_engine
from nbnodes.result import Result

ENGINES = ("inprocess", "kernel", "papermill")
ISOLATED = ("kernel", "papermill")

Run: TypeAlias = Callable[..., Result]


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


def run_cells(
    engine: Engine,
    folder: Path,
    *cells: CellText,
    values: dict[str, Any] | None = None,
    timeout_s: float = 60.0,
    **options: Any,
) -> Result:
    """Run a notebook of these cells."""
    return engine.run(
        RunRequest(
            notebook=notebook(*cells),
            values=values or {},
            folder=str(folder),
            timeout_s=timeout_s,
            **options,
        )
    )


def _opened(name: str) -> Iterator[Engine]:
    engine = open_engine(name)
    yield engine
    engine.close()
