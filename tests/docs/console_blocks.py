"""A console block is run in bash, and what it prints is compared with what the block shows.

    $ nbnodes run model_notebooks/fibonacci.ipynb -p n 10
    55

Each line after `$ ` is a command; the lines below it are what it prints, standard error included.
`…` stands for anything within a line, a line of nothing else for any lines.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass

PROMPT, ANYTHING = "$ ", "…"
PROGRAMS = ("cat", "cp", "curl", "echo", "export", "head", "ls", "mkdir", "nbnodes", "python", "wc")
_END = "\x1e"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command of a console block and what it is said to print."""

    line: str
    shown: str


def commands(block: str) -> list[Command]:
    """Read a console block."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)
    if parts[0].strip() or len(parts) == 1:
        raise ValueError(f"a console block begins with a command: {block!r}")
    lines = (part.partition("\n") for part in parts[1:])
    return [Command(line=line, shown=shown) for line, _, shown in lines]


def mistakes(block: str) -> list[str]:
    """Run a console block; return where it prints something else than it shows."""
    asked = commands(block)
    foreign = [c.line for c in asked if not c.line.startswith(PROGRAMS)]
    if foreign:
        return [f"not run: {line!r}; what is not for running stands in ```sh" for line in foreign]
    return [
        f"$ {command.line}\nshown:\n{command.shown}\nprinted:\n{printed}"
        for command, printed in zip(asked, _printed(asked), strict=True)
        if not matches(command.shown, printed)
    ]


def matches(shown: str, printed: str) -> bool:
    """Whether the text is the one shown."""
    pattern = "".join(map(_line_pattern, _stripped(shown)))
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in _stripped(printed))) is not None


def _printed(asked: list[Command]) -> list[str]:
    """Run the commands in one shell, so that `$?` and `export` mean what they say."""
    end = f"status=$?; printf '{_END}'; (exit $status)"
    script = "".join(f"{command.line}\n{end}\n" for command in asked)
    ended = subprocess.run(
        ["bash", "-c", script],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    return ended.stdout.split(_END)[: len(asked)]


def _stripped(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def _line_pattern(line: str) -> str:
    if line.strip() == ANYTHING:
        return "(?:.*\n)*?"
    return ".*?".join(map(re.escape, line.split(ANYTHING))) + "\n"
