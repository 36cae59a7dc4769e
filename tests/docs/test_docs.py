"""What the README and the docs say is true, and they leave nothing out."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import click
import pytest

import nbnodes
from nbnodes import errors
from nbnodes.cli.commands import cli
from nbnodes.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def commands(group, path=()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name))


@pytest.mark.parametrize("name", sorted({name.split()[-1] for name in commands(cli)}))
def test_every_command_is_told_of(name):
    assert name in TEXT


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_every_setting_is_told_of(name):
    assert f"`{name}`" in TEXT


ERRORS = [name for name, kind in vars(errors).items() if hasattr(kind, "with_traceback")]


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_is_told_of(name):
    assert name in TEXT


@pytest.mark.parametrize("name", nbnodes.__all__)
def test_every_public_name_is_told_of(name):
    assert name in TEXT


def test_the_docs_build_without_a_warning(tmp_path):
    command = [sys.executable, "-m", "sphinx", "-n", "-W", "-q", "-b", "html", "docs", tmp_path]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (built.returncode, built.stderr) == (0, "")
