"""Where the documents' code runs: a copy of the examples, caches of its own, two more kernels."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from documents import ROOT
from other_kernels import install_bash, install_deno


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the kernels of bash and deno where only these tests find them."""
    home = tmp_path_factory.mktemp("kernels")
    install_bash(home)
    install_deno(home)
    return home / "share" / "jupyter"


@pytest.fixture
def place(kernels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder that holds what the repository's root holds of the examples.

    A copy, so that a document may change notebooks and write files.
    """
    folder = tmp_path / "nbnodes"
    shutil.copytree(ROOT / "model_notebooks", folder / "model_notebooks")
    for name in [name for name in os.environ if name.startswith("NBNODES_")]:
        monkeypatch.delenv(name)
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("NBNODES_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("JUPYTER_PATH", str(kernels))
    monkeypatch.setenv("DENO_DIR", str(tmp_path / "deno"))
    monkeypatch.setenv("MPLCONFIGDIR", str(kernels))  # its list of fonts is made once
    monkeypatch.setenv("COLUMNS", "80")
    programs = str(Path(sys.executable).parent)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(folder)
    return folder
