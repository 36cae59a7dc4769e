"""Which shell is this process's own, while notebooks with shells of their own run in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from notebooks import write_notebook

import nbnodes as nb
from nbnodes.engines.own_shell import own_shell

WAITS = "from gatekeeper import begun, may_go_on\nbegun.set()\nmay_go_on.wait()"
NO_KERNEL = """
import ipykernel.kernelapp
from traitlets.config import Application
from nbnodes.engines.own_shell import own_shell
Application.instance()
print(own_shell())
"""


@pytest.mark.parametrize("first", ["", "%matplotlib inline\n"], ids=["stood for", "made"])
def test_a_notebooks_shell_is_not_this_process_s_own(
    tmp_path: Path, gatekeeper: Any, first: str
) -> None:
    path = write_notebook(tmp_path / "waits.ipynb", first + WAITS)
    with nb.Session(cache=False, engine="inprocess") as session:
        future = session.model(path).submit()
        gatekeeper.begun.wait()
        assert own_shell() is None
        gatekeeper.may_go_on.set()
        assert future.result().ok


def test_a_program_that_is_no_kernel_has_no_shell_of_its_own() -> None:
    done = subprocess.run(
        [sys.executable, "-c", NO_KERNEL], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("None\n", "")


def test_a_shell_of_a_persons_own_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    made = InteractiveShell.instance()
    try:
        assert own_shell() is made
    finally:
        InteractiveShell.clear_instance()
    assert own_shell() is None
