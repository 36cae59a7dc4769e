"""The entry point: words in, exit code out. Errors become one message on standard error."""

from __future__ import annotations

import io
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from nbnodes.errors import EngineError, NbnodesError, RunFailedError, UsageError

INTERRUPTED = 130
_EXIT_CODES: tuple[tuple[type[Exception], int], ...] = (
    (RunFailedError, 1),
    (UsageError, 2),
    (EngineError, 3),
    (NbnodesError, 3),
)


def program() -> NoReturn:
    """Be the command: run what the shell was told, and end with its exit code.

    The interpreter's own tidying up takes as long as many a notebook; by then nothing is open.
    """
    code = main()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = code or 1
    os._exit(code)


def main(words: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    words = sys.argv[1:] if words is None else list(words)
    warnings.showwarning = _show_warning
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # any text can be a value
    try:
        return _dispatch(words)
    except KeyboardInterrupt:
        sys.stderr.write("nbnodes: interrupted\n")
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that exit does not fail
        return 1
    except NbnodesError as error:
        sys.stderr.write(f"nbnodes: {error}\n")
        return exit_code(error)


def exit_code(error: NbnodesError) -> int:
    """Return the exit code for an error."""
    return next(code for kind, code in _EXIT_CODES if isinstance(error, kind))


def _dispatch(words: Sequence[str]) -> int:
    if words and words[0] == "run":
        from nbnodes.cli import shortcut

        if shortcut.answer(words[1:]):
            return 0
        from nbnodes.cli.arguments import parse_run

        signal.signal(signal.SIGTERM, _interrupt)
        arguments = parse_run(words[1:])
        if arguments is not None:
            from nbnodes.cli.run import run_notebook

            return run_notebook(arguments, words[1:])
    from nbnodes.cli.commands import run_click

    return run_click(words)


def _interrupt(_: int, frame: FrameType | None) -> None:
    """Do on SIGTERM what Ctrl-C does, so that the notebook and its kernel end too."""
    on_sigint = signal.getsignal(signal.SIGINT)
    handler = on_sigint if callable(on_sigint) else signal.default_int_handler
    handler(signal.SIGINT, frame)


def _show_warning(  # Python's own signature
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: object = None,
    line: str | None = None,
) -> None:
    """Write a warning as people read it, without the line of code that raised it."""
    del category, filename, lineno, file, line
    sys.stderr.write(f"nbnodes: warning: {message}\n")
