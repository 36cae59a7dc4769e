"""What somebody gives for a control, in short or in full, becomes a Control. Pure.

n=(0, 90)                  numbers between two bounds; (0, 1, 0.05) with a step
n=range(0, 90, 5)          the same, as Python counts
mode=["fast", "exact"]     choices; also a mapping, or (label, value) pairs
day=(first, last)          dates, datetimes or times between two bounds
flag=True, n=5, s="text"   a value: what `interact` of ipywidgets makes of it
n=int                      a type: what a parameter of that type gets
n=widget, n=control        itself
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, get_origin

from nbnodes.control.control import Control
from nbnodes.control.declared import declared_control, fixed_control
from nbnodes.control.domains import Choices
from nbnodes.control.grids import Moments
from nbnodes.control.hints import Hints
from nbnodes.control.scales import numbers_within
from nbnodes.control.shapes import Shape, chosen, numeric
from nbnodes.errors import UsageError
from nbnodes.notebook.parameters import Parameter, Unknown

POSSIBLE = (
    "give (low, high), (low, high, step), choices as a list or a mapping, a value, a type,"
    " an ipywidget or a Control"
)

_VALUES = (bool, int, float, str, dt.date, dt.datetime, dt.time)
_MOMENTS = (dt.date, dt.datetime, dt.time)
_WITH_STEP = (2, 3)


def abbreviated_control(given: Any, parameter: Parameter) -> Control:
    """Make the control that is meant.

    Args:
        given: The abbreviation.
        parameter: What the control sets: its default is kept where the control allows it.

    Raises:
        UsageError: If nothing can be meant; says what is possible.
    """
    if isinstance(given, Control):
        return _renamed(given, parameter)
    if _is_widget(given):
        return _renamed(Control.from_widget(given, name=parameter.name), parameter)
    if isinstance(given, type) or get_origin(given) is not None:
        return declared_control(replace(parameter, type=given, annotation=_type_name(given)))
    if type(given) in _VALUES:
        return _of_value(given, parameter)
    shape = _shape(given, parameter.default)
    if shape is None:
        raise UsageError(f"{given!r} is no control: {POSSIBLE}")
    return _worded(shape, parameter)


def undeclared_control(parameter: Parameter) -> Control:
    """Make the control of a parameter whose type nobody knows, of its default alone: a guess."""
    default = parameter.default
    if type(default) in _VALUES:
        return _of_value(default, parameter)
    if isinstance(default, list | dict | tuple) and default:
        try:
            shape = _shape(default, None)
        except UsageError:
            shape = None
        if shape is not None:
            first = shape.domain.at(0) if isinstance(shape.domain, Choices) else shape.default
            return replace(_worded(replace(shape, default=first), parameter), is_guessed=True)
    return declared_control(replace(parameter, type=Unknown))


def _of_value(value: Any, parameter: Parameter) -> Control:
    bare = replace(parameter, default=value, type=type(value), annotation="", required=False)
    return declared_control(bare)


def _shape(given: Any, default: Any) -> Shape | None:
    if isinstance(given, range) and given:
        low, high = sorted((given[0], given[-1]))
        return _line((low, high, abs(given.step)), default)
    if isinstance(given, tuple) and len(given) in _WITH_STEP:
        if all(_is_number(end) for end in given):
            return _line(given, default)
        shape = _between_moments(given, default)
        if shape is not None:
            return shape
    if isinstance(given, Iterable) and not isinstance(given, str | bytes):
        shape = chosen(Choices.among(given), default)
        return shape if shape.default is not None else replace(shape, default=shape.domain.at(0))
    return None


def _line(given: tuple[Any, ...], default: Any) -> Shape:
    low, high, *rest = given
    if high < low:
        raise UsageError(f"{given!r}: the lowest value is above the highest")
    step = rest[0] if rest else None
    if step is not None and step <= 0:
        raise UsageError(f"{given!r}: the step must be more than 0")
    is_whole = all(isinstance(end, int) for end in given)
    start = default if _is_number(default) and low <= default <= high else None
    hints = Hints(low=low, high=high, step=step)
    numbers = numbers_within(hints, is_whole=is_whole, default=start)
    shape = numeric(numbers, start)
    return replace(shape, kind="slider")  # who gives both ends wants to see them


def _between_moments(given: tuple[Any, ...], default: Any) -> Shape | None:
    kinds = {type(end) for end in given[:2]}
    kind = next(iter(kinds))
    if len(kinds) != 1 or kind not in _MOMENTS or not _is_number(*given[2:] or (1,)):
        return None
    of: Any = kind.__name__
    low, high, *rest = given
    is_aware = of == "datetime" and low.tzinfo is not None
    domain = Moments(of=of, low=low, high=high, step=rest[0] if rest else None, is_aware=is_aware)
    start = default if type(default) is kind else low
    return Shape(kind=of, domain=domain, default=domain.nearest(start))


def _worded(shape: Shape, parameter: Parameter) -> Control:
    """Say what the declaration says beside what was given."""
    words = fixed_control(parameter, "")
    return Control(
        name=parameter.name,
        kind=shape.kind,
        domain=shape.domain,
        default=shape.default,
        label=words.label,
        help=words.help,
    )


def _renamed(control: Control, parameter: Parameter) -> Control:
    """Let a control set this parameter; what it does not say, the declaration says."""
    words = fixed_control(parameter, "")
    return replace(
        control,
        name=parameter.name,
        label=control.label or words.label,
        help=control.help or words.help,
    )


def _is_widget(value: Any) -> bool:
    """Whether it is one of ipywidgets' classes, which need not be imported to know it."""
    return any(kind.__module__.startswith("ipywidgets.") for kind in type(value).__mro__)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _type_name(kind: Any) -> str:
    return str(getattr(kind, "__name__", kind))
