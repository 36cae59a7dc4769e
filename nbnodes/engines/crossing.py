"""Values cross to and from a Python kernel: pickled, in its private folder, beside the code."""

from __future__ import annotations

import inspect
import os
import pickle
from collections.abc import Iterable
from typing import Any

from nbnodes.engines import shell_side
from nbnodes.engines.engine import RunRequest
from nbnodes.engines.raised import UntransferableValue
from nbnodes.errors import ParameterError
from nbnodes.notebook import binding
from nbnodes.notebook.document import PARAMETERS, RETURN, Cell

_VALUES, _VALUE = "values.pickle", "value.pickle"


def write_values(request: RunRequest, folder: str) -> None:
    """Leave the parameters where the kernel will read them.

    Raises:
        ParameterError: Naming those that cannot be pickled.
    """
    import cloudpickle

    try:
        payload = cloudpickle.dumps(dict(request.values), protocol=5)
    except Exception as error:
        # a class may fail to pickle in any way it likes
        raise unsendable(request) from error
    with open(os.path.join(folder, _VALUES), "wb") as file:
        file.write(payload)


def prologue(folder: str, roles: list[str]) -> str:
    """Return the code that prepares the kernel; it leaves no name behind.

    Args:
        folder: The kernel's private folder.
        roles: See `nbnodes.engines.shell_side.install`.
    """
    code = _PROLOGUE.format(
        binding=inspect.getsource(binding),
        shell_side=inspect.getsource(shell_side),
        values=os.path.join(folder, _VALUES),
        value=os.path.join(folder, _VALUE),
        roles=roles,
    )
    return f"exec({code!r}, {{}})"


def cell_roles(cells: Iterable[Cell]) -> list[str]:
    """Return what each cell is to a run: see `nbnodes.engines.shell_side.install`."""
    return [" ".join(sorted({PARAMETERS, RETURN} & set(cell.tags))) for cell in cells]


def read_value(folder: str) -> Any:
    """Return what the `return` cell gave; None without one.

    Returns:
        The value, or an `UntransferableValue`.
    """
    path = os.path.join(folder, _VALUE)
    if os.path.exists(f"{path}.error"):
        with open(f"{path}.error", "rb") as file:
            said = pickle.load(file)  # noqa: S301  # written by the kernel that we started
        return UntransferableValue(type_name=said["type"], reason=said["reason"])
    if not os.path.exists(path):
        return None
    try:
        with open(path, "rb") as file:
            return pickle.load(file)  # noqa: S301  # written by the kernel that we started
    except Exception as error:  # noqa: BLE001  # loading runs the classes' own code
        return UntransferableValue(type_name="value", reason=f"{type(error).__name__}: {error}")


def unloadable(request: RunRequest, ename: str, evalue: str) -> ParameterError:
    """Return the error of parameters that a kernel's own Python cannot load."""
    problem = f"the kernel's Python cannot load them: {ename}: {evalue}"
    return ParameterError(request.notebook.name, [problem])


def unsendable(request: RunRequest) -> ParameterError:
    """Return the error of parameters that cannot be pickled, which names them."""
    return ParameterError(request.notebook.name, _unpicklable(request))


def _unpicklable(request: RunRequest) -> list[str]:
    import cloudpickle

    problems = []
    for name, value in request.values.items():
        try:
            cloudpickle.dumps(value)
        except Exception as error:  # noqa: BLE001  # as above
            kind = type(value).__name__
            problems.append(f"{name}: a {kind} cannot be sent to a kernel ({error})")
    return problems


_PROLOGUE = """\
binding, side = {{"__name__": "nbnodes_binding"}}, {{"__name__": "nbnodes_shell_side"}}
exec({binding!r}, binding)
exec({shell_side!r}, side)
side["install"](
    get_ipython(),
    binding,
    side["read_values"]({values!r}),
    {roles!r},
    lambda value: side["write_value"]({value!r}, value),
)
"""
