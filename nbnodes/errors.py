"""The one error tree: everything that nbnodes raises or warns about.

::

    NbnodesError
    ├── UsageError               the caller's mistake; nothing has run
    │   ├── NotebookError        a file that is no notebook: where it breaks, and why
    │   ├── GraphError           every mistake in how nodes are wired, at once
    │   ├── ParameterError       every wrong, unknown or missing parameter at once
    │   ├── SettingsError        every wrong setting at once
    │   ├── FingerprintError     a value that has no cache key
    │   ├── FormatError          a Result that cannot be written in the format asked for
    │   ├── EngineNotFoundError  no engine of that name
    │   ├── JobNotFoundError     no job of that id, or it has been forgotten
    │   ├── ModelNotFoundError   a server has no model of that name
    │   └── IdempotencyError     an idempotency key that stands for another call
    ├── CacheError               the cache's folder cannot be read or written
    ├── TooManyJobsError         as many jobs wait as may
    ├── ServerError              a server is away, too busy, or does not let in
    ├── RunFailedError           a notebook's own failure, raised: carries the Failure
    └── EngineError              the machine's failure
        ├── KernelNotFoundError  no kernel for the notebook's language
        ├── KernelDiedError      the kernel ended before the notebook did
        │   └── NotBegunError    and before a cell had run: nothing has happened
        ├── RunTimeoutError      the run did not end in the time allowed
        └── RunCancelledError    the run was interrupted

    NbnodesWarning (a UserWarning)
    ├── NotebookWarning          a notebook that runs, but perhaps not as meant
    └── CacheWarning             a Result that could not be stored or read; the value is still right

A notebook that fails is not an error here but a value, `nbnodes.result.Failure`; only a caller who
asks for the bare value gets it raised, as `RunFailedError`.
"""

import sys
from collections.abc import Callable, Iterable
from typing import TypeAlias


class NbnodesError(Exception):
    """Anything that nbnodes raises on purpose."""


class UsageError(NbnodesError):
    """The caller's mistake, found before anything ran."""


class NotebookError(UsageError):
    """A source that cannot be read as a notebook."""

    def __init__(self, source: str, problems: Iterable[str]) -> None:
        self.source = source
        self.problems = tuple(problems)
        super().__init__(source, self.problems)

    def __str__(self) -> str:
        return _listing(f"{self.source} cannot be read as a notebook", self.problems)


class ParameterError(UsageError):
    """All mistakes in the parameters of one call."""

    def __init__(self, notebook: str, problems: Iterable[str]) -> None:
        self.notebook = notebook
        self.problems = tuple(problems)
        super().__init__(notebook, self.problems)

    def __str__(self) -> str:
        return _listing(f"{self.notebook} cannot run with these parameters", self.problems)


class GraphError(UsageError):
    """All mistakes in how the nodes of one graph are wired."""

    def __init__(self, graph: str, problems: Iterable[str]) -> None:
        self.graph = graph
        self.problems = tuple(problems)
        super().__init__(graph, self.problems)

    def __str__(self) -> str:
        return _listing(f"{self.graph} cannot be built", self.problems)


class SettingsError(UsageError):
    """All mistakes in `[tool.nbnodes]` and the `NBNODES_*` environment variables."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return _listing("the settings are wrong", self.problems)


class FingerprintError(UsageError):
    """A value whose type has no canonical encoding, and so no cache key."""


class FormatError(UsageError):
    """A Result that cannot be written in the format asked for."""


class EngineNotFoundError(UsageError):
    """No engine of that name is installed."""


class JobNotFoundError(UsageError):
    """There is no job of that id: it was never submitted, or ended long ago and is forgotten."""


class ModelNotFoundError(UsageError, KeyError):
    """A server has no model of that name."""

    def __str__(self) -> str:
        return str(self.args[0])


class IdempotencyError(UsageError):
    """An idempotency key was used before, for another call."""


class CacheError(NbnodesError):
    """The cache's folder cannot be read or written."""


class TooManyJobsError(NbnodesError):
    """As many jobs wait as may; this one was not submitted."""


class ServerError(NbnodesError):
    """A server that is called is away, too busy, does not let in, or ended meanwhile.

    Attributes:
        status: HTTP's, if it answered.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        self.status = status
        super().__init__(message, status)
        self._message = message

    def __str__(self) -> str:
        return self._message


class RunFailedError(NbnodesError):
    """A notebook's failure, raised because the caller asked for a value.

    Attributes:
        failure: The `nbnodes.result.Failure`.
    """

    def __init__(self, failure: object, message: str) -> None:
        self.failure = failure
        super().__init__(failure, message)
        self._message = message

    def __str__(self) -> str:
        return self._message


class EngineError(NbnodesError):
    """The machine failed, not the notebook."""


class KernelNotFoundError(EngineError):
    """The notebook's kernel is not installed and nothing can take its place."""


class KernelDiedError(EngineError):
    """The kernel's process ended while the notebook was running."""


class NotBegunError(KernelDiedError):
    """The process ended, or could not start, before a cell had run; another one was tried."""


class RunTimeoutError(EngineError):
    """The run did not end within `timeout_s` seconds and was stopped."""


class RunCancelledError(EngineError):
    """The run was interrupted by its caller."""


Interruption: TypeAlias = Callable[[], EngineError | None]
"""Says why to stop waiting, as the error to raise; None to go on."""


class NbnodesWarning(UserWarning):
    """Anything nbnodes warns about."""


class NotebookWarning(NbnodesWarning):
    """The notebook runs, but perhaps not as its author meant."""


class CacheWarning(NbnodesWarning):
    """A Result could not be stored or read; the value returned is right all the same."""


def warn(text: str, category: type[NbnodesWarning]) -> None:
    """Warn of something as at the caller's line, which is the first outside this package."""
    import os
    import warnings

    package = os.path.join(os.path.dirname(__file__), "")
    frame, level = sys._getframe(1), 2  # noqa: SLF001  # `inspect`'s own way takes its import
    while frame.f_back is not None and frame.f_code.co_filename.startswith(package):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, category, stacklevel=level)


def _listing(head: str, problems: tuple[str, ...]) -> str:
    if len(problems) == 1:
        return f"{head}: {problems[0]}"
    return "\n".join([f"{head}:", *(f"  - {problem}" for problem in problems)])
