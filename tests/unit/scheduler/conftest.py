"""A folder and a cache of its own for each test, and a Session on both kinds of store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nbnodes.session import Session


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "NBNODES_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=[":memory:", "cache"], ids=["memory", "folder"])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    with Session(engine="inprocess", cache=request.param, workers=2) as made:
        yield made
