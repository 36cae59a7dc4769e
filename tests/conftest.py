"""What all tests share: `tests/` is importable, so `from notebooks import notebook` works."""

from __future__ import annotations

import os

os.environ.setdefault(
    "JUPYTER_PLATFORM_DIRS", "1"
)  # else jupyter_core warns, and warnings are errors
