"""A widget's trait, a button or any subscription becomes a Source: one way to begin and to end."""

from __future__ import annotations

import types
import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeAlias

import ipywidgets
import traitlets

from nbnodes.errors import UsageError

Listener: TypeAlias = Callable[[Any], None]
End: TypeAlias = Callable[[], object]
Subscribe: TypeAlias = Callable[[Listener], End]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where events come from.

    Attributes:
        key: Equal for two Sources of the same events, as long as `needed` lives.
        begin: Calls its argument with each event, on any thread, until what it returns is called.
        needed: The object without which nobody can ask for these events again.
        missed: What has not happened, for messages: "nobody clicked Button 'Go'".
        advice: What to do about it.
    """

    key: Hashable
    begin: Subscribe
    needed: object
    missed: str
    advice: str


def change_of(widget: object, trait: str = "value") -> Source:
    """Take each new value of a widget's trait.

    Raises:
        UsageError: For what is no widget or has no such trait.
    """
    if not isinstance(widget, traitlets.HasTraits):
        raise UsageError(_no_widget(widget))
    if not widget.has_trait(trait):
        raise UsageError(_no_trait(widget, trait))

    def begin(listener: Listener) -> End:
        def observer(change: Any) -> None:
            listener(change["new"])

        widget.observe(observer, trait)
        return lambda: widget.unobserve(observer, trait)

    return Source(
        key=(id(widget), trait),
        begin=begin,
        needed=widget,
        missed=f"`{trait}` of {label(widget)} did not change",
        advice="show the widget and change it",
    )


def click_on(button: object) -> Source:
    """Take each click on a button, as the button.

    Raises:
        UsageError: For what cannot be clicked.
    """
    if not isinstance(button, ipywidgets.Button):
        raise UsageError(
            f"only a Button can be clicked, and this is {label(button)}: "
            "write `wait_for_change(widget)` to wait for a value"
        )

    def begin(listener: Listener) -> End:
        button.on_click(listener)
        return lambda: _forget_clicks(button, listener)

    return Source(
        key=(id(button), "click"),
        begin=begin,
        needed=button,
        missed=f"nobody clicked {label(button)}",
        advice="show the button and click it",
    )


def event_of(subscribe: Any) -> Source:
    """Take what a function of one's own calls its argument with.

    Raises:
        UsageError: For what is no function.
    """
    if not callable(subscribe):
        raise UsageError(
            f"`subscribe` must be a function, and this is {label(subscribe)}: it is called with a "
            "callback, begins to call it with each event, and returns a function that ends that"
        )
    name = getattr(subscribe, "__qualname__", type(subscribe).__name__)

    def begin(listener: Listener) -> End:
        end: End = subscribe(listener)
        if not callable(end):
            raise UsageError(
                f"{name} must return a function that ends what it began; it returned {label(end)}"
            )
        return end

    # a bound method is made anew by each `.`: what lives on is its object
    bound = isinstance(subscribe, types.MethodType)
    needed, function = (subscribe.__self__, subscribe.__func__) if bound else (subscribe, None)
    return Source(
        key=(id(needed), function),
        begin=begin,
        needed=needed,
        missed=f"no event came from {name}",
        advice="see that it calls its callback",
    )


def label(thing: object) -> str:
    """Name an object in a message: a widget by its kind and description, else by its type."""
    kind = type(thing).__name__
    described = getattr(thing, "description", "") if isinstance(thing, ipywidgets.Widget) else ""
    return f"{kind} {described!r}" if described else kind


def _no_widget(thing: object) -> str:
    text = f"a widget is needed, and this is {label(thing)}: {thing!r:.60}"
    if isinstance(thing, weakref.ProxyTypes) or not callable(thing):
        return f"{text}; write the widget itself, not its value: wait_for_change(slider)"
    return f"{text}; for events of your own write wait_for_event(subscribe)"


def _no_trait(widget: traitlets.HasTraits, trait: object) -> str:
    names = [name for name in sorted(widget.trait_names()) if not name.startswith("_")]
    near = get_close_matches(str(trait), names, n=1)
    advice = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(names)}"
    if trait == "value" and isinstance(widget, ipywidgets.Button):
        advice = "a button is clicked: write wait_for_click(button)"
    return f"{label(widget)} has no trait {trait!r}: {advice}"


def _forget_clicks(button: ipywidgets.Button, listener: Listener) -> None:
    """Remove a listener, also in the midst of a click.

    ipywidgets goes through its very list, so taking the present listener out of it makes the next
    one miss the click: a copy is put in its place first.
    """
    clicks = getattr(button, "_click_handlers", None)
    if clicks is not None:
        clicks.callbacks = list(clicks.callbacks)
    button.on_click(listener, remove=True)
