"""Functions among notebooks: as a notebook that an engine runs; what their values show."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

from nbnodes.engines.engine import RunRequest
from nbnodes.errors import ParameterError
from nbnodes.graph.node import Output as Shown
from nbnodes.live.drawn import drawn
from nbnodes.notebook.document import parse
from nbnodes.notebook.surroundings import is_local
from nbnodes.result import Output
from nbnodes.scheduler.options import RunOptions
from nbnodes.session import Session

_CELLS = (
    ("function = b''", "parameters"),
    ("import cloudpickle\ncloudpickle.loads(function)()", "return"),
)
_DOCUMENT = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {},
    "cells": [
        {"cell_type": "code", "metadata": {"tags": [tag]}, "source": source, "outputs": []}
        for source, tag in _CELLS
    ],
}


_pickling = threading.Lock()  # what is pickled by value is noted for the whole process


def call_request(
    name: str, call: Callable[[], Any], function: Any, session: Session, options: RunOptions
) -> RunRequest:
    """Return a run that makes a call in an engine.

    Args:
        name: What messages call it.
        call: The call, with its arguments bound.
        function: The function that it calls.
        session: Where it runs.
        options: How.

    Raises:
        ParameterError: If it cannot be sent there.
    """
    try:
        sent = _pickled(call, function)
    except Exception as error:
        # pickling runs the code of any class that is part of it
        reason = f"it cannot be sent to another process: {type(error).__name__}: {error}"
        raise ParameterError(name, [reason]) from error
    return session.request(parse(_DOCUMENT, name=name), {"function": sent}, options)


def _pickled(call: Callable[[], Any], function: Any) -> bytes:
    """Pickle a call; a function of a project's own goes by its code, as it is here and now."""
    import cloudpickle

    module = sys.modules.get(getattr(function, "__module__", "") or "")
    path = getattr(module, "__file__", None)
    if module is None or path is None or module.__name__ == "__main__" or not is_local(path):
        return bytes(cloudpickle.dumps(call))
    with _pickling:
        cloudpickle.register_pickle_by_value(module)
        try:
            return bytes(cloudpickle.dumps(call))
        finally:
            cloudpickle.unregister_pickle_by_value(module)


def shown_outputs(value: Any) -> tuple[Any, tuple[Output, ...]]:
    """Tell the value that a function passes on from what it shows."""
    if not isinstance(value, Shown):
        return value, ()
    display = value.display
    data, metadata = ({"text/plain": display}, {}) if isinstance(display, str) else drawn(display)
    result = {"output_type": "execute_result", "execution_count": None, "data": data}
    return value.value, ({**result, "metadata": metadata},)
