"""A callable becomes a Function: what it takes, by name, and how it is called with such values."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nbnodes.notebook.parameters import Parameter, Unknown
from nbnodes.notebook.signature import Signature

_PLAIN = (bool, bytes, float, int, str, type(None))
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A callable as something that takes values by name.

    Attributes:
        call: The callable.
        signature: What it takes.
        positional: Names that it takes by position, in order; those of `*args` are "args[0]", ….
        required: Names that must be given.
    """

    call: Callable[..., Any]
    signature: Signature
    positional: tuple[str, ...]
    required: tuple[str, ...]

    @classmethod
    def of(cls, call: Callable[..., Any], *, name: str, inputs: int) -> Function:
        """Read a callable's signature.

        Args:
            call: The callable.
            name: What messages call it.
            inputs: How many values are fed by position: `*args` takes what the names leave.
        """
        declared = _declared(call)
        kinds = inspect.Parameter
        by_position = [p.name for p in declared if p.kind in (p.POSITIONAL_ONLY, _NAMED[0])]
        rest = next((p.name for p in declared if p.kind is kinds.VAR_POSITIONAL), None)
        if rest is not None:
            by_position += [f"{rest}[{i}]" for i in range(max(0, inputs - len(by_position)))]
        types = _types(call)
        named = [p for p in declared if p.kind in (*_NAMED, kinds.POSITIONAL_ONLY)]
        parameters = {p.name: _parameter(p, types) for p in named}
        extra = {n: Parameter(name=n, required=True) for n in by_position if n not in parameters}
        is_open = any(p.kind is kinds.VAR_KEYWORD for p in declared)
        return cls(
            call=call,
            signature=Signature(name=name, parameters=parameters | extra, is_closed=not is_open),
            positional=tuple(by_position),
            required=tuple(p.name for p in named if p.default is p.empty),
        )

    @property
    def plain_defaults(self) -> dict[str, Any]:
        """Defaults that cannot change: giving them is the same as leaving them out."""
        return {
            name: one.default
            for name, one in self.signature.parameters.items()
            if not one.required and type(one.default) in _PLAIN
        }

    def __call__(self, values: Mapping[str, Any]) -> Any:
        """Call it with values by name."""
        positional = list(self.positional)
        while positional and positional[-1] not in values:  # it has a default of its own
            positional.pop()
        if all(name in values for name in positional):
            named = {key: value for key, value in values.items() if key not in positional}
            return self.call(*(values[name] for name in positional), **named)
        return self.call(**values)


def function_name(call: Any) -> str:
    """Name a callable as people do; "function" where it has no name of its own."""
    inner = getattr(call, "func", None) if type(call).__name__ == "partial" else call
    name = getattr(inner, "__name__", "") or type(inner).__name__
    return "function" if name == "<lambda>" else str(name)


def _declared(call: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(call).parameters.values())
    except (TypeError, ValueError):  # some built-in functions do not say
        return [
            inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL),
            inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD),
        ]


def _types(call: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(call, include_extras=True)
    except Exception:  # noqa: BLE001  # an annotation may be any expression, and fail in any way
        return {}


def _parameter(declared: inspect.Parameter, types: Mapping[str, Any]) -> Parameter:
    """Describe a parameter; one without annotation takes anything, as the function does."""
    is_required = declared.default is declared.empty
    annotation = declared.annotation
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    text = "" if annotation is declared.empty else text
    kind = types.get(declared.name, Unknown)
    return Parameter(
        name=declared.name,
        default=None if is_required else declared.default,
        annotation=text,
        required=is_required,
        type=kind,
    )
