"""Fixtures of the integration tests."""

from __future__ import annotations

import psutil
import pytest
from processes import descendants


@pytest.fixture
def others() -> set[psutil.Process]:
    """Processes that other tests' engines keep."""
    return set(descendants())
