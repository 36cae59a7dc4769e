"""Fixtures of the tests of servers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from rest_models import Gate, write_models
from serving import Served, served


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of notebooks."""
    return write_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def server(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of those notebooks, which tests share: it is left as it was."""
    cache = str(tmp_path_factory.mktemp("cache"))
    with served(models, cache=cache, workers=4) as made:
        yield made


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Callable[[], Gate]]:
    """Makes runs that wait until they are let go on."""
    numbers = itertools.count()
    with ExitStack() as stack:
        yield lambda: stack.enter_context(Gate(tmp_path, f"gate-{next(numbers)}"))
