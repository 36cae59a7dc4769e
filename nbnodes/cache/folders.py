"""Where a user's caches and secrets lie, as the operating system has it."""

from __future__ import annotations

import os
import sys
from typing import Literal

_PLATFORM = str(sys.platform)  # else type checkers take one platform for all
_ON_LINUX = {"cache": ("XDG_CACHE_HOME", "~/.cache"), "data": ("XDG_DATA_HOME", "~/.local/share")}


def user_folder(kind: Literal["cache", "data"]) -> str:
    """Return nbnodes' own folder among the user's; it need not exist.

    On Linux this says what platformdirs says, whose import takes as long as a look-up
    (https://specifications.freedesktop.org/basedir-spec/latest/).
    """
    if _PLATFORM == "linux":
        variable, default = _ON_LINUX[kind]
        base = os.environ.get(variable, "")
        return os.path.join(base if os.path.isabs(base) else os.path.expanduser(default), "nbnodes")
    import platformdirs

    choose = platformdirs.user_cache_dir if kind == "cache" else platformdirs.user_data_dir
    return choose("nbnodes", appauthor=False)
