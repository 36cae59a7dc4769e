"""Parameters that cannot cross to where a run is made: the errors that name them."""

from __future__ import annotations

from nbnodes.engines.engine import RunRequest
from nbnodes.errors import ParameterError


def unsendable(request: RunRequest) -> ParameterError:
    """Return the error of parameters that cannot be pickled, which names them."""
    return ParameterError(request.notebook.name, _unpicklable(request))


def unloadable(request: RunRequest, ename: str, evalue: str) -> ParameterError:
    """Return the error of parameters that the process of the run cannot load."""
    problem = f"the process that runs the notebook cannot load them: {ename}: {evalue}"
    return ParameterError(request.notebook.name, [problem])


def _unpicklable(request: RunRequest) -> list[str]:
    import cloudpickle

    problems = []
    for name, value in request.values.items():
        try:
            cloudpickle.dumps(value)
        except Exception as error:  # noqa: BLE001  # a class may fail to pickle in any way it likes
            kind = type(value).__name__
            problems.append(
                f"{name}: a {kind} cannot be sent to the process that runs the notebook ({error})"
            )
    return problems
