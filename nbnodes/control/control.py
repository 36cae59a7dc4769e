"""A Control: what a person may set, as plain data that every surface renders in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from nbnodes.control.domains import Fixed, is_same
from nbnodes.control.face import Face
from nbnodes.control.wire import (
    Json,
    domain_as_json,
    domain_from_json,
    value_as_json,
    value_from_json,
)
from nbnodes.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Control(Face):
    """A parameter as a control.

    Attributes:
        name: The parameter that it sets.
        unit: What its numbers count; "" for nothing to say.
        is_guessed: Whether the domain was inferred from the default alone, so may be too narrow.
        is_required: Whether the parameter has no default; `default` then is where to begin.
    """

    name: str
    unit: str = ""
    is_guessed: bool = False
    is_required: bool = False

    @property
    def is_settable(self) -> bool:
        """Whether people can set it; what is not settable is only shown."""
        return not isinstance(self.domain, Fixed)

    @property
    def size(self) -> int | None:
        """How many values it can have, None among them if allowed; None for no end of them."""
        size = self.domain.size
        return size if size is None else size + self.is_optional

    def at(self, index: int) -> Any:
        """Return a value by its place; None stands last.

        Raises:
            UsageError: If there is no such place.
        """
        if self.size is not None and not 0 <= index < self.size:
            raise UsageError(f"{self.name}: there is no value number {index} of {self.size}")
        if isinstance(self.domain, Fixed):
            return self.default
        return None if self.is_optional and index == self.domain.size else self.domain.at(index)

    def index(self, value: Any) -> int:
        """Return the place of the nearest value.

        Raises:
            UsageError: If nothing is near, or there is no end of values.
        """
        if value is None and self.is_optional and self.domain.size is not None:
            return self.domain.size
        try:
            return self.domain.index(value)
        except UsageError as error:
            raise UsageError(f"{self.name}: {error}") from None

    def nearest(self, value: Any) -> Any:
        """Return the nearest value that it can have; the default is one of them.

        Raises:
            UsageError: If nothing is near: the value is of another type, or no choice.
        """
        if is_same(value, self.default) or (value is None and self.is_optional):
            return value
        try:
            return self.domain.nearest(value)
        except UsageError as error:
            raise UsageError(f"{self.name}: {error}") from None

    def as_json(self) -> dict[str, Json]:
        """Write it down: each attribute by its name."""
        plain = {one.name: getattr(self, one.name) for one in fields(self)}
        return plain | {
            "domain": domain_as_json(self.domain),
            "default": value_as_json(self.default, self.domain),
        }

    @classmethod
    def from_json(cls, written: Mapping[str, Json]) -> Control:
        """Read what `as_json` wrote.

        Raises:
            UsageError: If it did not.
        """
        try:
            domain = domain_from_json(written["domain"])
            default = value_from_json(written.get("default"), domain)
            return cls(**{**written, "domain": domain, "default": default})
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise UsageError(f"this is no control: {error}") from error

    def to_widget(self) -> Any:
        """Make an ipywidget that shows it: the same each time, none shared."""
        from nbnodes.control.widgets import widget_of

        named = self if self.label else replace(self, label=self.name.replace("_", " "))
        return widget_of(named, unit=self.unit)

    @classmethod
    def from_widget(cls, widget: Any, *, name: str = "") -> Control:
        """Read an ipywidget.

        Args:
            widget: Any of ipywidgets' widgets with a value that people set.
            name: The parameter that it sets; its description if not given.

        Raises:
            UsageError: If it is none of them.
        """
        from nbnodes.control.faces import face_of

        face = face_of(widget)
        seen = {one.name: getattr(face, one.name) for one in fields(Face)}
        return cls(name=name or face.label, **seen)
