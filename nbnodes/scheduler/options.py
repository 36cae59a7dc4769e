"""How one run is made: what a caller may choose besides the notebook and its parameters."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, SupportsFloat, TypeAlias

from nbnodes.engines.engine import CancelToken, Engine, OnOutput, Progress
from nbnodes.errors import ParameterError, UsageError
from nbnodes.notebook.document import Notebook
from nbnodes.result import CellError, Failure
from nbnodes.scheduler.keyed_run import CacheUse
from nbnodes.settings import Settings

if TYPE_CHECKING:  # most runs have nothing to do with ranges
    from nbnodes.cache.intervals import Interval

Values: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How one run is made.

    Attributes:
        engine: Name of the engine, or an Engine; None for the Session's.
        cache: Whether a stored Result will do and is kept; "refresh" makes and keeps a new one.
        subset: How a stored run of a wider range answers a narrower one; None: as the notebook
            declares.
        timeout_s: Seconds the run may take; 0 for no limit, None for the Session's.
        cell_timeout_s: Seconds each cell may take; as `timeout_s`.
        cwd: Working directory; None for the notebook's folder.
        globals: Names shared with the caller (`inprocess` engine only; such runs are not cached).
        on_progress: Called when the first cell is about to run, after each cell, and while one says
            how far it is.
        on_output: Called with what a cell shows as it shows it; see `RunRequest`. Nothing is shown
            again for a Result from the cache.
        cancel: The caller's way to stop the run; where others wait for it, too, to leave it.
    """

    engine: str | Engine | None = None
    cache: bool | str = True
    subset: Interval | None = None
    timeout_s: float | None = None
    cell_timeout_s: float | None = None
    cwd: str | os.PathLike[str] | None = None
    globals: Values | None = None
    on_progress: Callable[[Progress], None] = field(default=lambda _: None)
    on_output: OnOutput = field(default=lambda _cell, _type, _content: None)
    cancel: CancelToken = field(default_factory=CancelToken)

    @classmethod
    def taken_from(
        cls, values: Values | None, options: dict[str, Any]
    ) -> tuple[dict[str, Any], RunOptions]:
        """Tell options from parameters given by name."""
        known = {name: options.pop(name) for name in cls.__slots__ if name in options}
        return {**(values or {}), **options}, cls(**known)

    @property
    def cache_use(self) -> CacheUse:
        """The `cache` option as a CacheUse.

        Raises:
            UsageError: If it is none.
        """
        if not isinstance(self.cache, bool) and self.cache != CacheUse.REFRESH.value:
            raise UsageError(f'cache={self.cache!r}: expected True, False or "refresh"')
        if isinstance(self.cache, bool):
            return CacheUse.ON if self.cache else CacheUse.OFF
        return CacheUse.REFRESH


def limit_s(name: str, options: RunOptions, settings: Settings) -> float | None:
    """Return the limit of time of a name as an engine takes it: None for none.

    Raises:
        UsageError: If it is no number of seconds.
    """
    given = getattr(options, name)
    found: Any = getattr(settings, name) if given is None else given
    is_number = isinstance(found, (int, float, SupportsFloat))  # the last one is slow
    if not is_number or not float(found) >= 0:  # NaN too
        raise UsageError(f"{name}={found!r}: expected 0 (no limit) or more seconds")
    return None if found in (0, math.inf) else float(found)


def refused(notebook: Notebook, error: ParameterError) -> Failure:
    """Tell of wrong parameters as a Failure of the cell that declares them."""
    cells = notebook.parameters_cells or notebook.cells
    index = cells[0].index if cells else 0
    problem = CellError(ename="ParameterError", evalue=str(error), cell_index=index)
    return Failure(name=notebook.name, engine="", error=problem)
