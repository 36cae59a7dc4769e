"""A widget whose value cannot be None becomes one whose value can: a tick beside it says so."""

from __future__ import annotations

from functools import cache
from typing import Any

NONE = "none"


def or_none(widget: Any, *, is_none: bool) -> Any:
    """Put a tick beside a widget: while it is set, the value of both together is None.

    The whole is a box of ipywidgets' own with a Python `value`, so every front end that shows
    ipywidgets shows it. `.inner` is the widget that was put in, `.tick` the tick.

    Args:
        widget: Any widget with a value.
        is_none: Whether the tick is set at first.
    """
    return _widget_class()(widget, is_none=is_none)


def is_or_none(widget: Any) -> bool:
    """Whether `or_none` made it."""
    return isinstance(widget, _Together)


class _Together:
    """Two widgets and one value; what it needs of ipywidgets comes with its subclass."""

    inner: Any
    tick: Any
    value: Any
    _is_showing = False

    @property
    def description(self) -> str:
        """The inner widget's."""
        return str(self.inner.description)

    def tell(self, _change: Any = None) -> None:
        """Tell both widgets' state as one value."""
        if self.inner.has_trait("disabled"):  # not all have it
            self.inner.disabled = self.tick.value
        if not self._is_showing:
            self.value = None if self.tick.value else self.inner.value

    def show(self, proposal: Any) -> Any:
        """Show a value that is set, and return it as it can be shown."""
        value = proposal["value"]
        self._is_showing = True  # what the two tell meanwhile is half of the truth
        try:
            if value is not None and self.inner.value != value:
                self.inner.value = value
            self.tick.value = value is None
        finally:
            self._is_showing = False
        return None if value is None else self.inner.value


@cache
def _widget_class() -> Any:
    """Make the class when the first one is needed: ipywidgets is slow to import."""
    import traitlets
    from ipywidgets import Checkbox, HBox, Layout, ValueWidget

    class OrNone(_Together, HBox, ValueWidget):  # type: ignore[misc]  # ipywidgets ships no types
        """A widget and a tick for None."""

        value: Any = traitlets.TraitType(default_value=None)  # `Any` would let None pass unseen
        _shown = traitlets.validate("value")(_Together.show)

        def __init__(self, inner: Any, *, is_none: bool) -> None:
            narrow = Layout(width="auto")
            tick = Checkbox(value=is_none, description=NONE, indent=False, layout=narrow)
            tick.tooltip = f"{inner.description}: {NONE}"
            self.inner, self.tick = inner, tick
            super().__init__([inner, tick], layout=Layout(align_items="center"))
            self.tell()
            inner.observe(self.tell, "value")
            tick.observe(self.tell, "value")

    return OrNone
