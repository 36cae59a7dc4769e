"""An ipywidget becomes a Face: what it is, between which bounds, with which value. Nothing is made.

Widgets are known by their class or one that it descends from, so that a subclass of `IntSlider` is
a slider too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

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
    short_text,
)
from nbnodes.control.face import Face, Kind
from nbnodes.control.grids import LARGEST_WHOLE, Moments, Numbers, Powers
from nbnodes.control.labelled import is_labelled
from nbnodes.control.or_none import is_or_none
from nbnodes.control.widgets import LARGEST, NO_HINT
from nbnodes.errors import UsageError

_HOMES = ("ipywidgets",)
_SHOWS_ONLY = frozenset(
    {
        *("Audio", "FloatProgress", "HTML", "HTMLMath", "Image", "IntProgress", "Label", "Output"),
        *("Valid", "Video"),
    }
)


def face_of(widget: Any) -> Face:
    """Read a widget.

    Raises:
        UsageError: If it is no widget whose value people set.
    """
    if is_or_none(widget):
        inner = face_of(widget.inner)
        default = None if widget.value is None else inner.default
        return replace(inner, default=default, is_optional=True)
    if is_labelled(widget):
        return face_of(widget.inner)
    name = type(widget).__name__
    classes = [one for one in type(widget).__mro__ if one.__module__.startswith(_HOMES)]
    for one in classes:
        if one.__name__ in _SHOWS_ONLY:
            raise UsageError(f"{name}: it only shows a value; people cannot set it")
        read = _READERS.get(one.__name__)
        if read is not None:
            return read(widget, one.__name__)
    known = ", ".join(sorted(_READERS))
    raise UsageError(
        f"{name}: it has no value that people set, or none that is known; use: {known}"
    )


def _face(widget: Any, kind: Kind, domain: Domain, default: Any, *, optional: bool = False) -> Face:
    return Face(
        kind=kind,
        domain=domain,
        default=default,
        label=str(widget.description),
        help=widget.tooltip or "",
        is_optional=optional,
    )


def _truth(widget: Any, name: str) -> Face:
    return _face(widget, "checkbox" if name == "Checkbox" else "toggle", Truth(), widget.value)


def _number(widget: Any, name: str) -> Face:
    kinds: dict[str, Kind] = {"IntSlider": "slider", "FloatSlider": "slider", "Play": "play"}
    return _face(widget, kinds.get(name, "number"), _numbers(widget, name), widget.value)


def _range(widget: Any, name: str) -> Face:
    return _face(widget, "range", Pairs(of=_numbers(widget, name)), tuple(widget.value))


def _numbers(widget: Any, name: str) -> Numbers:
    is_whole = not name.startswith(("Float", "BoundedFloat"))
    low, high = getattr(widget, "min", None), getattr(widget, "max", None)
    largest = LARGEST_WHOLE if is_whole else LARGEST
    return Numbers(
        low=None if low is None or low <= -largest else low,
        high=None if high is None or high >= largest else high,
        step=getattr(widget, "step", None),
        is_whole=is_whole,
    )


def _log_slider(widget: Any, _name: str) -> Face:
    step = 0.1 if widget.step is None else widget.step
    domain = Powers(low=widget.min, high=widget.max, step=step, base=widget.base)
    return _face(widget, "logslider", domain, widget.value)


def _choice(widget: Any, name: str) -> Face:
    kinds: dict[str, Kind] = {
        "Dropdown": "dropdown",
        "RadioButtons": "radio",
        "ToggleButtons": "buttons",
        "Select": "list",
        "SelectionSlider": "steps",
    }
    read = _choices(widget)
    pairs = [pair for pair in zip(read.labels, read.values, strict=True) if pair[1] is not None]
    is_optional = len(pairs) < read.size
    return _face(widget, kinds[name], Choices.among(pairs), widget.value, optional=is_optional)


def _several(widget: Any, _name: str) -> Face:
    return _face(widget, "several", Several(of=_choices(widget)), tuple(widget.value))


def _choice_range(widget: Any, _name: str) -> Face:
    choices = _choices(widget)
    # the widget's own value is () until somebody moves it
    value = tuple(choices.at(index) for index in widget.index)
    return _face(widget, "range", Pairs(of=choices), value)


def _choices(widget: Any) -> Choices:
    try:
        return Choices.among(widget.options)
    except UsageError as error:
        raise UsageError(f"{type(widget).__name__}: {error}") from None


def _tags(widget: Any, name: str) -> Face:
    value = tuple(widget.value)
    if widget.allowed_tags:
        return _face(widget, "tags", Several(of=Choices.among(widget.allowed_tags)), value)
    if name in ("IntsInput", "FloatsInput"):
        return _face(widget, "tags", Lists(of=_numbers(widget, name)), value)
    of = Colours() if name == "ColorsInput" else Words()
    return _face(widget, "tags", Lists(of=of), value)


def _text(widget: Any, name: str) -> Face:
    kinds: dict[str, Kind] = {"Textarea": "area", "Password": "password", "Combobox": "suggestions"}
    suggestions = tuple(widget.options) if name == "Combobox" else ()
    hint = "" if widget.placeholder == NO_HINT else widget.placeholder
    domain: Domain = Words(suggestions=suggestions, hint=hint or "")
    if name == "Combobox" and widget.ensure_option and suggestions:
        return _face(widget, "dropdown", Choices.among(suggestions), widget.value or None)
    return _face(widget, kinds.get(name, "text"), domain, widget.value)


def _colour(widget: Any, _name: str) -> Face:
    return _face(widget, "colour", Colours(), widget.value)


def _moment(widget: Any, name: str) -> Face:
    kinds: dict[str, Any] = {"DatePicker": "date", "TimePicker": "time"}
    kind = kinds.get(name, "datetime")
    step = getattr(widget, "step", None)
    domain = Moments(
        of=kind,
        low=widget.min,
        high=widget.max,
        step=None if step == "any" else step,
        is_aware=name == "DatetimePicker",
    )
    return _face(widget, kind, domain, widget.value, optional=widget.value is None)


def _files(widget: Any, _name: str) -> Face:
    domain = Files(accept=widget.accept, is_several=widget.multiple)
    return _face(widget, "files", domain, tuple(widget.value))


def _fixed(widget: Any, _name: str) -> Face:
    return Face(
        kind="fixed",
        domain=Fixed(text=short_text(widget.value)),
        default=widget.value,
        label=str(widget.description),
    )


_READERS: Mapping[str, Callable[[Any, str], Face]] = {
    **dict.fromkeys(("Checkbox", "ToggleButton"), _truth),
    **dict.fromkeys(("IntSlider", "IntText", "BoundedIntText", "Play"), _number),
    **dict.fromkeys(("FloatSlider", "FloatText", "BoundedFloatText"), _number),
    **dict.fromkeys(("IntRangeSlider", "FloatRangeSlider"), _range),
    **dict.fromkeys(("Dropdown", "RadioButtons", "ToggleButtons", "Select"), _choice),
    **dict.fromkeys(("TagsInput", "IntsInput", "FloatsInput", "ColorsInput"), _tags),
    **dict.fromkeys(("Text", "Textarea", "Password", "Combobox"), _text),
    **dict.fromkeys(("DatePicker", "TimePicker"), _moment),
    **dict.fromkeys(("DatetimePicker", "NaiveDatetimePicker"), _moment),
    "SelectionSlider": _choice,
    "FloatLogSlider": _log_slider,
    "SelectMultiple": _several,
    "SelectionRangeSlider": _choice_range,
    "ColorPicker": _colour,
    "FileUpload": _files,
    "fixed": _fixed,
}
