"""What a person sees of a control: its kind, domain, value, label and help. A frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from nbnodes.control.domains import (
    Choices,
    Colours,
    Domain,
    Files,
    Fixed,
    Lists,
    Pairs,
    Several,
    Truth,
    Words,
)
from nbnodes.control.grids import Moments, Numbers, Powers
from nbnodes.errors import UsageError

Kind: TypeAlias = Literal[
    "checkbox",
    "toggle",
    "slider",
    "number",
    "play",
    "logslider",
    "range",
    "dropdown",
    "radio",
    "buttons",
    "list",
    "steps",
    "several",
    "tags",
    "text",
    "area",
    "password",
    "suggestions",
    "colour",
    "date",
    "datetime",
    "time",
    "files",
    "fixed",
]

_DOMAINS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("checkbox", "toggle"), (Truth,)),
    **dict.fromkeys(("slider", "number", "play"), (Numbers,)),
    **dict.fromkeys(("dropdown", "radio", "buttons", "list", "steps"), (Choices,)),
    **dict.fromkeys(("text", "area", "password", "suggestions"), (Words,)),
    **dict.fromkeys(("date", "datetime", "time"), (Moments,)),
    "logslider": (Powers,),
    "range": (Pairs,),
    "several": (Several,),
    "tags": (Several, Lists),
    "colour": (Colours,),
    "files": (Files,),
    "fixed": (Fixed,),
}
_BETWEEN_BOUNDS = ("slider", "play", "range")  # a handle on a line needs both ends of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """A control as far as it can be seen.

    Attributes:
        kind: How it looks, in one word.
        domain: What it may be set to.
        default: What it is set to at first.
        label: What stands beside it.
        help: What it is for; "" for nothing to say.
        is_optional: Whether it may be set to None.
    """

    kind: Kind
    domain: Domain
    default: Any = None
    label: str = ""
    help: str = ""
    is_optional: bool = False

    def __post_init__(self) -> None:
        named = self.label or self.kind
        fitting = _DOMAINS.get(self.kind)
        if fitting is None:
            raise UsageError(f"{named}: no control is a {self.kind!r}; use {', '.join(_DOMAINS)}")
        if not isinstance(self.domain, fitting):
            needed = " or ".join(one.__name__ for one in fitting)
            given = type(self.domain).__name__
            raise UsageError(f"{named}: a {self.kind} needs {needed}, not {given}")
        if isinstance(self.domain, Moments) and self.domain.of != self.kind:
            raise UsageError(f"{named}: a {self.kind} cannot be set to a {self.domain.of}")
        if self.kind in _BETWEEN_BOUNDS and not _is_bounded(self.domain):
            raise UsageError(f"{named}: a {self.kind} needs a lowest and a highest value")


def _is_bounded(domain: Domain) -> bool:
    inner = domain.of if isinstance(domain, Pairs) else domain
    return not isinstance(inner, Numbers) or None not in (inner.low, inner.high)
