"""Parameters, and what was given for some of them, become Controls by name: a whole signature's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nbnodes.control.abbreviations import abbreviated_control, undeclared_control
from nbnodes.control.control import Control
from nbnodes.control.declared import declared_control
from nbnodes.control.domains import Choices, Domain, Lists, Pairs, Several
from nbnodes.control.grids import Moments, Numbers, Powers
from nbnodes.errors import ParameterError, UsageError
from nbnodes.notebook.parameters import Parameter, Unknown
from nbnodes.notebook.signature import Signature
from nbnodes.notebook.validation import validate_values


def controls_of(
    signature: Signature, overrides: Mapping[str, Any] | None = None
) -> dict[str, Control]:
    """Make the controls of everything that may be given to a notebook or function.

    Args:
        signature: What may be given.
        overrides: For some parameters a Control, an ipywidget, or an abbreviation of one: see
            `nbnodes.control.abbreviations`.

    Returns:
        For each parameter its control, in the signature's order; then those that it does not name,
        if it is open. Some may not be settable.

    Raises:
        ParameterError: With every override that is for no parameter, is no control, or would give
            values that the parameter refuses.
    """
    given = overrides or {}
    problems = signature.unknown(given)
    made: dict[str, Control] = {}
    for name in [*signature.parameters, *(n for n in given if n not in signature.parameters)]:
        parameter = signature.parameters.get(name, Parameter(name=name))
        if name not in given:
            made[name] = control_of(parameter)
        elif name in signature.parameters or not signature.is_closed:
            try:
                made[name] = abbreviated_control(given[name], parameter)
            except UsageError as error:
                problems.append(f"{name}: {error}")
            else:
                problems += _refusals(made[name], parameter)
    if problems:
        raise ParameterError(signature.name, problems)
    return made


def control_of(parameter: Parameter) -> Control:
    """Make one parameter's control."""
    if parameter.type is Unknown:
        return undeclared_control(parameter)
    return declared_control(parameter)


def _refusals(control: Control, parameter: Parameter) -> list[str]:
    """Say which of a control's values the parameter refuses: the first is enough."""
    for value in _samples(control):
        try:
            validate_values("", {parameter.name: parameter}, {parameter.name: value}, closed=True)
        except ParameterError as error:
            return [f"{problem}, but its control can say so" for problem in error.problems]
    return []


def _samples(control: Control) -> Iterator[Any]:
    """Yield values that tell what kind of values there are: the ends, the default, each choice."""
    if not control.is_settable:
        return
    if control.is_optional:
        yield None
    if control.default is not None:
        yield control.default
    yield from _ends(control.domain)


def _ends(domain: Domain) -> Iterator[Any]:
    match domain:
        case Choices():
            yield from domain.values
        case Several():
            yield domain.of.values
        case Numbers(size=int() as size) | Powers(size=int() as size):
            yield domain.at(min(1, size - 1))
            yield domain.at(0)
            yield domain.at(size - 1)
        case Moments(size=int() as size):
            yield domain.at(0)
            yield domain.at(size - 1)
        case Pairs(size=int()):
            yield domain.start
        case Lists():
            yield ()
        case _:
            pass
