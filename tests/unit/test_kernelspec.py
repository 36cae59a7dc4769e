"""What a kernel's name means is part of a key: the program that starts it and its environment."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from nbnodes.engines.kernels.kernelspec import kernel_identity, kernelspec_files

SPEC: dict[str, Any] = {"argv": [sys.executable, "-m", "x"], "language": "python", "env": {}}


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    return tmp_path / "kernels"


def install(kernels: Path, name: str, spec: Any) -> Path:
    path = kernels / name / "kernel.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(spec if isinstance(spec, str) else json.dumps(spec))
    return path


@pytest.mark.parametrize("name", ["", "python", "python3"])
def test_this_interpreters_own_kernel_needs_no_name(name: str) -> None:
    assert (kernel_identity(name), kernelspec_files(name)) == ("", [])


def test_a_kernel_that_is_not_installed_is_its_name(kernels: Path) -> None:
    assert kernel_identity("gone") == "gone"
    assert str(kernels) in kernelspec_files("gone")


@pytest.mark.parametrize(
    "change", [{"argv": ["other"]}, {"env": {"A": "1"}}], ids=["argv", "environment"]
)
def test_what_starts_it_counts(kernels: Path, change: dict[str, Any]) -> None:
    install(kernels, "mine", SPEC)
    before = kernel_identity("mine")
    assert before.startswith("mine ")
    install(kernels, "mine", SPEC | change)
    assert kernel_identity("mine") != before
    install(kernels, "mine", SPEC | {"display_name": "Mine"})
    assert kernel_identity("mine") == before


def test_another_program_at_the_same_place_counts(kernels: Path, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("one")
    program.chmod(0o700)
    install(kernels, "mine", SPEC | {"argv": [str(program)]})
    before = kernel_identity("mine")
    program.write_text("another")
    assert kernel_identity("mine") != before
    assert str(program) in kernelspec_files("mine")


def test_names_are_found_in_any_case(kernels: Path) -> None:
    path = install(kernels, "Mine", SPEC)
    assert str(path) in kernelspec_files("mine")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"argv": []}'])
def test_a_kernelspec_that_says_nothing_is_no_error(kernels: Path, text: str) -> None:
    install(kernels, "mine", text)
    assert kernel_identity("mine").startswith("mine ")
