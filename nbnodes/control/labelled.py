"""A widget that shows no description becomes one that does: a label stands beside it."""

from __future__ import annotations

from functools import cache
from typing import Any


def labelled(widget: Any, *, label_width: str) -> Any:
    """Put a widget's description beside it, as other widgets have it.

    The whole is a box of ipywidgets' own whose Python `value` is the widget's. `.inner` is the
    widget that was put in.

    Args:
        widget: Any widget with a value.
        label_width: As CSS says it.
    """
    return _widget_class()(widget, label_width=label_width)


def is_labelled(widget: Any) -> bool:
    """Whether `labelled` made it."""
    return isinstance(widget, _Together)


class _Together:
    """A label, a widget and its value; what it needs of ipywidgets comes with its subclass."""

    inner: Any
    value: Any

    @property
    def description(self) -> str:
        """The inner widget's."""
        return str(self.inner.description)

    def tell(self, change: Any) -> None:
        """Tell the inner widget's value."""
        self.value = change["new"]

    def show(self, proposal: Any) -> Any:
        """Show a value that is set, and return it as it can be shown."""
        self.inner.value = proposal["value"]
        return self.inner.value


@cache
def _widget_class() -> Any:
    """Make the class when the first one is needed: ipywidgets is slow to import."""
    import traitlets
    from ipywidgets import HBox, Label, Layout, ValueWidget

    class Labelled(_Together, HBox, ValueWidget):  # type: ignore[misc]  # ipywidgets has no types
        """A widget and a label."""

        value: Any = traitlets.TraitType(default_value=None)
        _shown = traitlets.validate("value")(_Together.show)

        def __init__(self, inner: Any, *, label_width: str) -> None:
            self.inner = inner
            layout = Layout(width=label_width, display="flex", justify_content="flex-end")
            label = Label(inner.description, layout=layout)
            label.tooltip = inner.tooltip
            super().__init__([label, inner], value=inner.value)
            inner.observe(self.tell, "value")

    return Labelled
