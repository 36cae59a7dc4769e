"""The template process: started for a caller, who then has its children from it."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile

from nbnodes.engines.children.nursery import END_S, Nursery
from nbnodes.engines.children.origin import Origin
from nbnodes.engines.children.programs import program
from nbnodes.engines.cpus import all_cpus
from nbnodes.engines.deaths import cause_of_death, last_words, memory_kills, with_cause

_SIDE = "nbnodes.engines.children.template_side"


class Template(Nursery):
    """A template process, started at once. Safe from several threads.

    Args:
        spares: How many children wait for jobs.
        refused: See `Nursery`.

    Attributes:
        origin: What it was started with.
    """

    def __init__(self, spares: int, refused: set[str]) -> None:
        self.origin = Origin.of_now()
        self._epitaph = ""
        self._memory_kills = memory_kills()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the template
        end, far = socket.socketpair()
        with far, all_cpus():
            self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and program
                [sys.executable, "-c", program(_SIDE, far.fileno(), is_kept=True)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                cwd="/",
                env=self.origin.environment,
                pass_fds=[far.fileno()],
                start_new_session=True,
            )
        super().__init__(end, spares, refused)

    def close(self) -> None:
        """End the process and every child."""
        super().close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with self._changed:
            self._epitaph = self._last_words()
            self._said.close()

    def _last_words(self) -> str:
        """Say how the process ended, and what it said last."""
        if self._said.closed:
            return self._epitaph
        try:
            how = cause_of_death(with_cause(self._process.wait(END_S), self._memory_kills))
        except subprocess.TimeoutExpired:
            how = "without a word"
        self._said.seek(0)
        said = last_words(self._said.read()[-2000:].decode(errors="replace"))
        return f"the process that notebooks are forked from ended {how}{said}"
