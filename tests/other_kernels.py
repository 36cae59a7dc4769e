"""Kernels of other languages, installed where only some tests find them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def install_bash(home: Path) -> None:
    """Install bash's kernel below a folder, which is home to it: a person's own .bashrc has no say.

    It may take a minute, as pyenv's does while another shell holds its lock.
    """
    specification = {
        "argv": [sys.executable, "-m", "bash_kernel", "-f", "{connection_file}"],
        "display_name": "Bash",
        "language": "bash",
        "env": {"PS1": "$", "HOME": str(home)},
    }
    folder = home / "share" / "jupyter" / "kernels" / "bash"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(specification), encoding="utf-8")


def install_deno(home: Path) -> None:
    """Install deno's kernel below a folder."""
    subprocess.run(
        [str(Path(sys.executable).parent / "deno"), "jupyter", "--install"],
        check=True,
        capture_output=True,
        env=os.environ | {"XDG_DATA_HOME": str(home / "share")},  # its `jupyter` lies there
    )
