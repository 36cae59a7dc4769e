"""Which names beside a notebook hide installed ones: those that Python itself finds there first."""

from __future__ import annotations

import subprocess
import sys
from importlib.machinery import BYTECODE_SUFFIXES, EXTENSION_SUFFIXES
from pathlib import Path

import pytest
from processes import call

from nbnodes.engines.children.own_modules import local_names
from nbnodes.engines.fork import ForkEngine

HIDING = [
    "numpy.py",
    f"numpy{BYTECODE_SUFFIXES[0]}",
    *(f"numpy{suffix}" for suffix in EXTENSION_SUFFIXES),
    "numpy/__init__.py",
    f"numpy/__init__{EXTENSION_SUFFIXES[0]}",
    "json/__init__.py",
    "colorsys.py",
]
NOT_HIDING = [
    "numpy/table.csv",
    "numpy/core.py",
    "json/a.json",
    "numpy.py/table.csv",
    "numpy.txt",
    "numpy.test.py",
    "numpy",
    ".numpy.py",
    "sys.py",
    "time.py",
    "os.py",
]
FINDS = "import importlib.util, sys; print(importlib.util.find_spec(sys.argv[1]).origin)"


def lay(folder: Path, path: str) -> str:
    """Put an empty file there; return the name that it may hide."""
    (folder / path).parent.mkdir(exist_ok=True)
    (folder / path).touch()
    return path.lstrip(".").partition("/")[0].partition(".")[0]


@pytest.mark.parametrize("path", HIDING)
def test_a_module_or_package_beside_the_notebook_hides_an_installed_one(
    tmp_path: Path, path: str
) -> None:
    name = lay(tmp_path, path)
    assert local_names(str(tmp_path)) == {name}


@pytest.mark.parametrize("path", NOT_HIDING)
def test_anything_else_beside_it_hides_nothing(tmp_path: Path, path: str) -> None:
    lay(tmp_path, path)
    assert local_names(str(tmp_path)) == frozenset()


@pytest.mark.parametrize("name", ["me", "me.py"])
def test_a_link_to_itself_hides_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to(tmp_path / name)
    assert local_names(str(tmp_path)) == frozenset()


@pytest.mark.parametrize("path", [*HIDING, *NOT_HIDING])
def test_python_itself_finds_the_same(tmp_path: Path, path: str) -> None:
    name = lay(tmp_path, path)
    found = subprocess.run(
        [sys.executable, "-c", FINDS, name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.startswith(str(tmp_path)) == (name in local_names(str(tmp_path)))


@pytest.mark.parametrize("name", ["numpy", "json"])
def test_a_folder_of_data_does_not_hide_what_the_template_has_imported(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "elsewhere").mkdir()
    lay(tmp_path, f"{name}/table.csv")
    engine = ForkEngine(spares=1)
    try:
        call(engine, tmp_path / "elsewhere", f"import {name}")
        seen = f"import sys\nknown = sys.modules[{name!r}]\nimport {name}"
        result = call(engine, tmp_path, seen, (f"{name} is known", "return"))
        assert result.unwrap()
    finally:
        engine.close()
