"""A command's folder, caches and settings, that no other test sees; and the command in-process."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from commandline import Command, Ended
from notebooks import write_notebook

from nbnodes.cli.main import main


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test caches of its own, and an empty folder to work in."""
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "NBNODES_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    # else each test would draw up matplotlib's list of fonts anew
    monkeypatch.setenv("MPLCONFIGDIR", f"{tempfile.gettempdir()}/nbnodes-tests-matplotlib")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)


@pytest.fixture
def command(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Command]:
    """Call the command line in this process, with the engine that needs no kernel."""
    monkeypatch.setenv("NBNODES_ENGINE", "inprocess")
    on_termination = signal.getsignal(signal.SIGTERM)

    def call(*words: str) -> Ended:
        code = main([str(word) for word in words])
        out, err = capfd.readouterr()
        return Ended(code=code, out=out, err=err)

    yield call
    signal.signal(signal.SIGTERM, on_termination)


@pytest.fixture
def doubling(tmp_path: Path) -> Path:
    """Make a notebook whose value is 2 n."""
    return write_notebook(
        tmp_path / "work" / "double.ipynb",
        ("n: int = 15  # what to double", "parameters"),
        ("print('unwanted')", "skip"),
        ("n * 2", "return"),
    )
