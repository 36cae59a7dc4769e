"""Inside an IPython shell: parameters are bound, and the `return` cell's value is delivered.

Sent as text into kernels, together with `nbnodes.notebook.binding`, so that a kernel needs no
nbnodes: standard library and IPython only. The in-process engine calls the same `install`.
"""

from __future__ import annotations

import ast
import os
import pickle
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any


def install(  # noqa: PLR0913  # one call over a text-only channel
    shell: Any,
    binding: Mapping[str, Any],
    values: dict[str, Any],
    parameters_sources: list[str],
    return_source: str | None,
    deliver: Callable[[Any], None],
) -> None:
    """Prepare a shell for one run.

    Args:
        shell: The IPython `InteractiveShell`.
        binding: The names of the module `nbnodes.notebook.binding`.
        values: The given parameters.
        parameters_sources: The sources of the cells that declare them.
        return_source: The source of the cell that gives the value; None without one.
        deliver: Called with the value once that cell has ended well.
    """
    state: dict[str, Any] = {"source": None, "captured": []}

    def capture(value: Any) -> Any:
        state["captured"].append(value)
        return value

    class BindAndCapture(ast.NodeTransformer):
        def visit(self, tree: Any) -> Any:
            if values and state["source"] in parameters_sources:
                tree = binding["bind_parameters"](tree, frozenset(values))
            if state["source"] is not None and state["source"] == return_source:
                tree = binding["capture_return"](tree)
            return tree

    def before_cell(info: Any) -> None:
        state["source"] = info.raw_cell
        state["captured"].clear()

    def after_cell(result: Any) -> None:
        if state["captured"] and result.success:
            deliver(state["captured"].pop())

    hidden = {binding["VALUES"]: values, binding["RETURN"]: capture}
    shell.user_ns.update(hidden)
    shell.user_ns_hidden.update(hidden)
    if not parameters_sources:
        shell.user_ns.update(values)
    warnings.filterwarnings("ignore", message="To exit: use 'exit'")  # `sys.exit` is an ending here
    shell.ast_transformers.append(BindAndCapture())
    shell.events.register("pre_run_cell", before_cell)
    shell.events.register("post_run_cell", after_cell)


def read_values(path: str) -> dict[str, Any]:
    """Read the parameters that the engine left in a file."""
    with open(path, "rb") as file:
        return dict(pickle.load(file))  # noqa: S301  # written by the engine that started us


def write_value(path: str, value: Any) -> None:
    """Leave the value in a file, or the reason why it cannot be written."""
    try:
        payload = _pickled(value)
    except Exception as error:  # noqa: BLE001  # a class may fail to pickle in any way it likes
        kind = type(value)
        name = f"{kind.__module__}.{kind.__qualname__}".replace("builtins.", "")
        payload = pickle.dumps({"type": name, "reason": f"{type(error).__name__}: {error}"})
        path += ".error"
    with open(path + ".part", "wb") as file:
        file.write(payload)
    os.replace(path + ".part", path)


def _pickled(value: Any) -> bytes:
    """Pickle; classes and functions of the notebook and of modules beside it go by value."""
    try:
        import cloudpickle
    except ImportError:
        return pickle.dumps(value, protocol=5)
    beside = os.path.join(os.getcwd(), "")
    local = [
        module
        for module in list(sys.modules.values())
        if str(getattr(module, "__file__", None) or "").startswith(beside)
        and "site-packages" not in module.__file__
        and module.__name__ not in cloudpickle.list_registry_pickle_by_value()
    ]
    for module in local:
        cloudpickle.register_pickle_by_value(module)
    try:
        return bytes(cloudpickle.dumps(value, protocol=5))
    finally:
        for module in local:
            cloudpickle.unregister_pickle_by_value(module)
