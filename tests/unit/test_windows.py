"""What Windows imports can be imported without the modules that Windows lacks."""

from __future__ import annotations

import subprocess
import sys

import pytest

LACKING = ("fcntl", "grp", "pty", "pwd", "resource", "termios")
IMPORT = """\
import sys
sys.modules |= dict.fromkeys({lacking!r})
import nbnodes.{module}
"""


@pytest.mark.parametrize("module", ["engines.children.spawned_side", "engines.fork", "session"])
def test_it_does_without_unix(module: str) -> None:
    source = IMPORT.format(lacking=LACKING, module=module)
    subprocess.run([sys.executable, "-c", source], check=True)
