"""Reading somebody's code without repeating the warnings that running it will give."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_filters = threading.Lock()  # the warning filters belong to the whole process


@contextmanager
def quietly() -> Iterator[None]:
    """Ignore every warning in a block; of several threads, one at a time."""
    with _filters, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
