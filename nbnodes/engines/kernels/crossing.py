"""What crosses to a Python kernel: the code that prepares it, and values, beside the cells."""

from __future__ import annotations

import inspect
import json
import os
from contextlib import suppress
from functools import cache
from typing import Any

from nbnodes.engines.cells import shell_side
from nbnodes.engines.cells.roles import cell_roles
from nbnodes.engines.engine import RunRequest
from nbnodes.engines.kernels import renewal, side, values
from nbnodes.engines.raised import UntransferableValue
from nbnodes.engines.refusals import unloadable, unsendable
from nbnodes.errors import ParameterError
from nbnodes.notebook import binding
from nbnodes.notebook.document import RAISES

_VALUES, _VALUE, _BEGUN, _JOB = "values.pickle", "value.pickle", "begun", "job.json"


def write_values(request: RunRequest, folder: str) -> None:
    """Leave the parameters where the kernel will read them.

    Raises:
        ParameterError: Naming those that cannot be pickled.
    """
    import cloudpickle

    path = os.path.join(folder, _VALUES)
    try:
        values.save(path, dict(request.values), cloudpickle.dumps)
    except Exception as error:
        # a class may fail to pickle in any way it likes
        raise unsendable(request) from error


def prologue(folder: str, roles: list[str]) -> str:
    """Return the code that prepares a kernel for cells that somebody else sends.

    Args:
        folder: The kernel's private folder.
        roles: See `nbnodes.engines.cells.shell_side.install`.
    """
    paths = [os.path.join(folder, name) for name in (_VALUES, _VALUE)]
    code = f"{_side_code()}side.install(*{paths!r}, {roles!r})\n"
    return f"exec({code!r}, {{}})"


def warm_up_code(folder: str, *, keep: bool) -> str:
    """Return the code that prepares a kernel for any run; it leaves no name behind.

    Args:
        folder: The kernel's private folder.
        keep: Whether one run will follow another.
    """
    job_path = os.path.join(folder, _JOB)
    code = f"{_side_code()}side.serve({job_path!r}, keep={keep!r})\n"
    return f"exec({code!r}, {{}})"


def write_job(request: RunRequest, folder: str) -> None:
    """Have a kernel that was warmed up begin a run with the next cell.

    Raises:
        ParameterError: Naming the parameters that cannot be pickled.
    """
    for name in (_VALUE, _VALUE + values.BESIDE, f"{_JOB}.refused", f"{_JOB}.ended"):
        with suppress(FileNotFoundError):
            os.remove(os.path.join(folder, name))
    write_values(request, folder)
    with open(os.path.join(folder, _BEGUN), "wb") as file:
        file.write(bytes(8))
    paths = {"begun_path": _BEGUN, "values_path": _VALUES, "value_path": _VALUE}
    job = {name: os.path.join(folder, path) for name, path in paths.items()} | {
        "folder": request.folder or os.getcwd(),
        "may_raise": [RAISES in cell.tags for cell in request.steps],
        "roles": cell_roles(request.steps),
    }
    with open(os.path.join(folder, _JOB), "w", encoding="utf-8") as file:
        json.dump(job, file)


def end_run(folder: str) -> None:
    """Have no further cell of the run begin, whatever the one that goes on does."""
    with open(os.path.join(folder, f"{_JOB}.ended"), "wb"):
        pass


def refusal(request: RunRequest, folder: str) -> ParameterError | None:
    """Return why a kernel did not begin the run, as the error to raise; None if it did."""
    path = os.path.join(folder, f"{_JOB}.refused")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        said = json.load(file)
    return unloadable(request, said["ename"], said["evalue"])


def forget_code() -> str:
    """Return the code that forgets a run; no expression, which could be taken for a value."""
    return "if get_ipython().nbnodes.forget(): pass"


def begun_count(folder: str) -> int:
    """Return how many cells have begun, as the kernel noted before each."""
    with open(os.path.join(folder, _BEGUN), "rb") as file:
        return int.from_bytes(file.read(), "little")


def read_value(folder: str) -> Any:
    """Return what the `return` cell gave; None without one.

    Returns:
        The value, or an `UntransferableValue`.
    """
    path = os.path.join(folder, _VALUE)
    if not os.path.exists(path):
        return None
    try:
        return values.load(path)
    except values.Unsaved as said:
        type_name, reason = said.args
        return UntransferableValue(type_name=type_name, reason=reason)
    except Exception as error:  # noqa: BLE001  # loading runs the classes' own code
        return UntransferableValue.unloaded(error)


@cache
def _side_code() -> str:
    """Return code that makes `side`, the `nbnodes.engines.kernels.side.Side` of a kernel.

    As text, so that a kernel needs no nbnodes.
    """
    modules = {
        "binding": binding,
        "shell_side": shell_side,
        "values": values,
        "renewal": renewal,
        "kernel_side": side,
    }
    lines = []
    for name, module in modules.items():
        lines.append(f"{name} = {{'__name__': 'nbnodes_{name}'}}")
        lines.append(f"exec({inspect.getsource(module)!r}, {name})")
    made = "kernel_side['Side'](get_ipython(), binding, shell_side, values, renewal)"
    return "\n".join([*lines, f"side = {made}", ""])
