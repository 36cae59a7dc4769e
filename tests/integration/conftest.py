"""Fixtures of the integration tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from processes import descendants


@pytest.fixture
def others() -> set[psutil.Process]:
    """Processes that other tests' engines keep."""
    return set(descendants())


SITE = """\
import sys, sysconfig
get_path = sysconfig.get_path
sysconfig.get_path = lambda name, *more: {place!r} if name == "purelib" else get_path(name, *more)
sys.path.append({place!r})
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Install a module, given its name and text, for the processes that are started then."""
    place, start = tmp_path / "installed", tmp_path / "start"
    for folder in (place, start):
        folder.mkdir()
    (start / "sitecustomize.py").write_text(SITE.format(place=str(place)))
    monkeypatch.setenv("PYTHONPATH", str(start))

    def install(name: str, text: str) -> None:
        (place / f"{name}.py").write_text(text)

    return install
