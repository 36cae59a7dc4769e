"""A widget whose value cannot be None becomes one whose value can: a tick beside it says so."""

from __future__ import annotations

from functools import cache
from typing import Any

NONE = "none"


def or_none(widget: Any, *, is_none: bool) -> Any:
    """Put a tick beside a widget: while it is set, the value of both together is None.

    The whole is a box of ipywidgets' own with a Python `value`, so every front end that shows
    ipywidgets shows it.

    Args:
        widget: Any widget with a value.
        is_none: Whether the tick is set at first.
    """
    return _widget_class()(widget, is_none=is_none)


def is_or_none(widget: Any) -> bool:
    """Whether `or_none` made it; its `.inner` then is the widget that was put in."""
    return any(kind.__module__ == __name__ for kind in type(widget).__mro__)


@cache
def _widget_class() -> Any:
    """Make the class when the first one is needed: ipywidgets is slow to import."""
    import traitlets
    from ipywidgets import Checkbox, HBox, Layout, ValueWidget

    class OrNone(HBox, ValueWidget):  # type: ignore[misc]  # ipywidgets ships no types
        """A widget and a tick for None.

        Attributes:
            value: None while the tick is set, else the inner widget's value.
        """

        value = traitlets.Any(allow_none=True)

        def __init__(self, inner: Any, *, is_none: bool) -> None:
            narrow = Layout(width="auto")
            tick = Checkbox(value=is_none, description=NONE, indent=False, layout=narrow)
            tick.tooltip = f"{inner.description}: {NONE}"
            self.inner, self.tick = inner, tick
            value = None if is_none else inner.value
            super().__init__([inner, tick], value=value, layout=Layout(align_items="center"))
            self._say()
            inner.observe(self._tell, "value")
            tick.observe(self._tell, "value")
            self.observe(self._take, "value")

        @property
        def description(self) -> str:
            """The inner widget's."""
            return str(self.inner.description)

        def _tell(self, _change: Any) -> None:
            """Tell both widgets' state as one value."""
            self._say()
            self.value = None if self.tick.value else self.inner.value

        def _take(self, change: Any) -> None:
            """Show a value that was set in code."""
            if change["new"] is not None and self.inner.value != change["new"]:
                self.inner.value = change["new"]
            self.tick.value = change["new"] is None

        def _say(self) -> None:
            if self.inner.has_trait("disabled"):
                self.inner.disabled = self.tick.value

    return OrNone
