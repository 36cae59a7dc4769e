"""A Parameter becomes a Control: from its type, its comment, its default, in that order. Pure.

What the notebook says holds; what is inferred from a bare number is marked as guessed; where no
control can be right, the value is shown and cannot be set.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from typing import Any, Literal, get_args, get_origin

from nbnodes.control.comments import hints_in
from nbnodes.control.control import Control
from nbnodes.control.domains import Choices, Fixed, short_text
from nbnodes.control.hints import Declaration, Hints, taken_apart
from nbnodes.control.scales import guessed_numbers
from nbnodes.control.shapes import Shape, chosen, shape_of
from nbnodes.errors import ParameterError
from nbnodes.notebook.parameters import Code, Parameter, Unknown
from nbnodes.notebook.validation import validate_values

_MEMBER = re.compile(r"\w+(?:\.\w+)+")
_CLOCK = re.compile(r"(?:\w+\.)*(?:today|now|utcnow)\(\)")
_LARGEST_GUESSED = 250  # four times as many places on a line, from -v to 3v, are hard to hit
_TINY = 1e-9


def declared_control(parameter: Parameter) -> Control:
    """Make the control that a parameter's declaration asks for."""
    declaration = _declaration(parameter.type)
    default = _default(parameter, declaration.type)
    comment = _comment(parameter, declaration, default)
    hints = _narrowed(declaration.hints, comment)
    shape = _shape(parameter, declaration, hints, default)
    if shape is None:
        return fixed_control(parameter, _why_fixed(parameter))
    if parameter.default is None or parameter.required:
        is_none = declaration.is_optional
        shape = replace(shape, default=None) if is_none else shape
    return Control(
        name=parameter.name,
        kind=shape.kind,
        domain=shape.domain,
        default=shape.default,
        label=hints.label or parameter.name.replace("_", " "),
        help=comment.help or declaration.hints.help or "",
        unit=hints.unit or "",
        is_guessed=shape.is_guessed,
        is_optional=declaration.is_optional,
        is_required=parameter.required,
    )


def fixed_control(parameter: Parameter, reason: str) -> Control:
    """Make a control that only shows the default, and says why."""
    text = "no value" if parameter.required else short_text(parameter.default)
    return Control(
        name=parameter.name,
        kind="fixed",
        domain=Fixed(text=text, reason=reason),
        default=parameter.default,
        label=parameter.name.replace("_", " "),
        help=hints_in(parameter.help).help or "",
        is_required=parameter.required,
    )


def _declaration(kind: Any) -> Declaration:
    """Take the type apart; pydantic's classes for datetimes are datetimes."""
    declaration = taken_apart(kind)
    name = getattr(declaration.type, "__name__", "")
    if name in ("AwareDatetime", "NaiveDatetime", "PastDatetime", "FutureDatetime"):
        return replace(declaration, type=dt.datetime)
    return declaration


def _default(parameter: Parameter, kind: Any) -> Any:
    """Return the default as a value; what a clock says is what it says now."""
    default = parameter.default
    if not isinstance(default, Code):
        return default
    if kind in (dt.date, dt.datetime) and _CLOCK.fullmatch(default):
        now = dt.datetime.now()  # noqa: DTZ005  # as the notebook's own today() does
        return now.date() if kind is dt.date else now.replace(microsecond=0)
    return _member(default, kind)


def _member(code: Code, kind: Any) -> Any:
    """Return the value of `Speed.FAST` where one of the enum's values is called like it."""
    if get_origin(kind) is not Literal or not _MEMBER.fullmatch(code):
        return code
    name = code.rpartition(".")[2].lower()
    return next((value for value in get_args(kind) if str(value).lower() == name), code)


def _comment(parameter: Parameter, declaration: Declaration, default: Any) -> Hints:
    """Read the comment; bounds that the default contradicts are no bounds, but words."""
    hints = hints_in(parameter.help)
    ends = [end for end in (hints.low, hints.high) if end is not None]
    values = default if isinstance(default, tuple | list) else [default]
    known = [value for value in values if value is not None and not isinstance(value, Code)]
    is_meant = all(_lies_within(value, hints) for value in known if ends)
    if declaration.type is int and any(isinstance(end, float) for end in ends):
        is_meant = False
    return hints if is_meant else Hints(help=parameter.help or None)


def _lies_within(value: Any, hints: Hints) -> bool:
    if type(value) is dt.datetime and type(hints.low or hints.high) is dt.date:
        value = value.date()
    try:
        is_below = hints.low is not None and value < hints.low
        is_above = hints.high is not None and value > hints.high
    except TypeError:  # such as numbers in the comment of a date
        return False
    return not (is_below or is_above)


def _narrowed(declared: Hints, comment: Hints) -> Hints:
    """Join both; of two bounds the narrower one holds, as values must suit both."""
    joined = declared.or_else(comment)
    try:
        if None not in (declared.low, comment.low):
            joined = replace(joined, low=max(declared.low, comment.low))
        if None not in (declared.high, comment.high):
            joined = replace(joined, high=min(declared.high, comment.high))
    except TypeError:  # of different types: the declared one holds
        pass
    return joined


def _shape(
    parameter: Parameter, declaration: Declaration, hints: Hints, default: Any
) -> Shape | None:
    if isinstance(default, Code) or declaration.type in (Unknown, Any, None, type(None)):
        return None
    if _is_bare_number(parameter, hints):
        return Shape(
            kind="slider", domain=guessed_numbers(default), default=default, is_guessed=True
        )
    kind = declaration.type
    if kind is bool and declaration.is_optional:
        return chosen(Choices(values=(True, False), labels=("yes", "no")), default)
    shape = shape_of(kind, hints, default)
    return shape if shape and _is_accepted(parameter, shape, default) else None


def _is_bare_number(parameter: Parameter, hints: Hints) -> bool:
    """Whether nothing but a number is known, of a size that a hand can find on a line."""
    default = parameter.default
    if parameter.annotation or not (hints.low is None and hints.high is None):
        return False
    if type(default) is int:
        return abs(default) <= _LARGEST_GUESSED
    return type(default) is float and (default == 0 or _TINY < abs(default) < 1 / _TINY)


def _is_accepted(parameter: Parameter, shape: Shape, default: Any) -> bool:
    """Whether the parameter takes what the control says at first, and as what it was."""
    if parameter.required or default is None or shape.default is None:
        return True
    name = parameter.name
    try:
        taken = validate_values("", {name: parameter}, {name: shape.default}, closed=True)
    except ParameterError:
        return False
    is_written = isinstance(shape.default, str) and not isinstance(default, str)
    return not is_written or bool(taken[name] == default)


def _why_fixed(parameter: Parameter) -> str:
    if isinstance(parameter.default, Code):
        return "The notebook computes it."
    if parameter.type is Unknown:
        example = f"`{parameter.name}: int | None = None`"
        return f"Its type is not known; declare it, such as {example}, or give a control for it."
    return f"No control is known for {parameter.type_name}; give one for it."
