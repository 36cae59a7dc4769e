"""A run whose process dies before a cell has run is made again, in another one."""

from __future__ import annotations

from collections.abc import Callable

from nbnodes.errors import NotBegunError
from nbnodes.result import Result


def until_begun(make: Callable[[], Result], notebook: str, *, times: int) -> Result:
    """Make a run, again where no cell had run: somebody may have killed what waited for it.

    Args:
        make: Makes it.
        notebook: What messages call the notebook.
        times: How often it is tried, if need be.

    Raises:
        NotBegunError: If no cell has run in any of them.
    """
    how = ""
    for _ in range(times):
        try:
            return make()
        except NotBegunError as error:
            how = str(error).removeprefix(f"{notebook}: ")
    raise NotBegunError(
        f"{notebook}: no cell has run, tried {times} times; the last time, {how}; "
        "mend what ends the processes of runs, or try another engine (engine='kernel')"
    )
