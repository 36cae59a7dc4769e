"""A value becomes the callee's own, so that what it does to it is not seen elsewhere."""

from __future__ import annotations

import copy
from typing import Any


def own(value: Any) -> Any:
    """Copy a value. What has no copy is shared."""
    try:
        return copy.deepcopy(value)
    except Exception:  # noqa: BLE001  # a class may fail to copy in any way it likes
        return value
