"""A Face becomes an ipywidget. Only here, in `or_none` and in `labelled` are widgets made."""

from __future__ import annotations

import html
import sys
from collections.abc import Callable, Mapping
from typing import Any

from nbnodes.control.domains import Choices, Colours, Domain, Lists, Several, is_same
from nbnodes.control.face import Face
from nbnodes.control.grids import LARGEST_WHOLE, Numbers
from nbnodes.control.labelled import labelled
from nbnodes.control.or_none import NONE, or_none

LARGEST = sys.float_info.max
NO_HINT = "\u200b"  # what ipywidgets writes for no placeholder: it keeps the line's height

_LABEL_WIDTH = "9em"
_WIDTH = "min(32em, 100%)"  # a phone is narrower than that
_ROWS = 8
_EMPTY = ("date", "datetime", "time", "dropdown", "radio", "buttons", "list", "steps")
_WITHOUT_LABEL = ("tags", "play")  # they do not show their description
_LABEL_ABOVE = ("radio", "buttons")  # if nothing else is said
_LINE = 40  # characters beside a label
_BARE = ("files", "play", "toggle")  # as wide as what they say


def widget_of(face: Face, *, unit: str = "") -> Any:
    """Make a widget.

    Args:
        face: What it shows.
        unit: What its numbers count, said behind the label.
    """
    import ipywidgets

    can_be_none = face.kind in _EMPTY
    class_name, options = _OPTIONS[face.kind](face)
    options |= {
        "description": f"{face.label} ({unit})" if unit else face.label,
        "tooltip": face.help or None,
    }
    widget = getattr(ipywidgets, class_name)(**options)
    _lay_out(widget, face)
    if face.kind in _WITHOUT_LABEL:
        widget = labelled(widget, label_width=_LABEL_WIDTH)
    if face.is_optional and not can_be_none and face.kind != "fixed":
        return or_none(widget, is_none=face.default is None)
    return widget


def _lay_out(widget: Any, face: Face) -> None:
    """Let labels and fields of a column of controls begin and end at the same places."""
    if hasattr(widget.style, "description_width"):
        widget.style.description_width = _LABEL_WIDTH
    if face.kind not in _BARE:
        widget.layout.width = _WIDTH
    if face.kind in _LABEL_ABOVE:
        widget.layout.display, widget.layout.flex_flow = "flex", "row"
        widget.layout.align_items = "baseline"
    if face.kind == "radio" and widget.has_trait("orientation"):  # from ipywidgets 8.1 on
        labels = [label for label, _ in widget.options]
        is_short = sum(map(len, labels)) + 4 * len(labels) <= _LINE
        widget.orientation = "horizontal" if is_short else "vertical"
    if face.kind == "buttons":
        widget.style.button_width = "auto"


def _value(face: Face) -> Any:
    """Return what to show at first; where None is said otherwise, the value behind it."""
    return face.domain.start if face.default is None else face.default


def _truth(face: Face) -> tuple[str, dict[str, Any]]:
    class_name = "Checkbox" if face.kind == "checkbox" else "ToggleButton"
    return class_name, {"value": _value(face)}


def _slider(face: Face) -> tuple[str, dict[str, Any]]:
    numbers = _numbers(face.domain)
    class_name = "IntSlider" if numbers.is_whole else "FloatSlider"
    return class_name, _line(numbers) | {"value": _value(face)}


def _range(face: Face) -> tuple[str, dict[str, Any]]:
    pairs: Any = face.domain
    ends = pairs.of
    if isinstance(ends, Choices):
        index = tuple(ends.index(end) for end in _value(face))
        options = {"options": _options(ends), "index": index}
        return "SelectionRangeSlider", options | _equality(ends)
    numbers: Numbers = ends
    class_name = "IntRangeSlider" if numbers.is_whole else "FloatRangeSlider"
    return class_name, _line(numbers) | {"value": _value(face)}


def _line(numbers: Numbers) -> dict[str, Any]:
    options: dict[str, Any] = {"min": numbers.low, "max": numbers.high, "step": numbers.step}
    if not numbers.is_whole:
        options["readout_format"] = f".{_digits(numbers.step)}f"
    return options | {"continuous_update": True}


def _digits(step: float | None) -> int:
    """Count the digits behind the point that tell two neighbours apart."""
    from decimal import Decimal

    exponent = Decimal(repr(step)).normalize().as_tuple().exponent if step else -2
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _log_slider(face: Face) -> tuple[str, dict[str, Any]]:
    domain: Any = face.domain
    line = {"min": domain.low, "max": domain.high, "step": domain.step, "base": domain.base}
    return "FloatLogSlider", line | {"value": _value(face), "continuous_update": True}


def _number(face: Face) -> tuple[str, dict[str, Any]]:
    numbers = _numbers(face.domain)
    prefix, largest = ("Int", LARGEST_WHOLE) if numbers.is_whole else ("Float", LARGEST)
    options: dict[str, Any] = {"value": _value(face), "step": numbers.step}
    if numbers.low is None and numbers.high is None:
        return f"{prefix}Text", options
    low = -largest if numbers.low is None else numbers.low
    high = largest if numbers.high is None else numbers.high
    return f"Bounded{prefix}Text", options | {"min": low, "max": high}


def _play(face: Face) -> tuple[str, dict[str, Any]]:
    numbers = _numbers(face.domain)
    line = {"min": numbers.low, "max": numbers.high, "step": numbers.step}
    return "Play", line | {"value": _value(face)}


def _choice(face: Face) -> tuple[str, dict[str, Any]]:
    class_name = {
        "dropdown": "Dropdown",
        "radio": "RadioButtons",
        "buttons": "ToggleButtons",
        "list": "Select",
        "steps": "SelectionSlider",
    }[face.kind]
    choices: Any = face.domain
    options, index = _options(choices), None
    if face.is_optional:
        options.append((NONE, None))
        index = choices.size
    if face.default is not None:
        index = choices.index(face.default)
    if face.kind == "steps":  # a handle stands somewhere
        index = index or 0
    return class_name, {"options": options, "index": index} | _equality(choices)


def _several(face: Face) -> tuple[str, dict[str, Any]]:
    several: Any = face.domain
    choices: Choices = several.of
    index = tuple(choices.index(one) for one in _value(face))
    rows = min(_ROWS, choices.size)
    options = {"options": _options(choices), "index": index, "rows": rows}
    return "SelectMultiple", options | _equality(choices)


def _equality(choices: Choices) -> dict[str, Any]:
    """Let the widget find its value among the choices by more than `==`, if that is needed."""
    return {} if choices.are_distinct else {"equals": is_same}


def _options(choices: Choices) -> list[tuple[str, Any]]:
    return list(zip(choices.labels, choices.values, strict=True))


def _tags(face: Face) -> tuple[str, dict[str, Any]]:
    options: dict[str, Any] = {"value": list(_value(face))}
    if isinstance(face.domain, Several):
        values = list(face.domain.of.values)
        kinds = {type(value) for value in values}
        class_name = "TagsInput"
        if kinds <= {int, float}:
            class_name = "IntsInput" if kinds == {int} else "FloatsInput"
        return class_name, options | {"allowed_tags": values, "allow_duplicates": False}
    of = face.domain.of if isinstance(face.domain, Lists) else None
    if isinstance(of, Numbers):
        class_name = "IntsInput" if of.is_whole else "FloatsInput"
        return class_name, options | {"min": of.low, "max": of.high}
    return "ColorsInput" if isinstance(of, Colours) else "TagsInput", options


def _text(face: Face) -> tuple[str, dict[str, Any]]:
    class_name = {"area": "Textarea", "password": "Password", "suggestions": "Combobox"}
    words: Any = face.domain
    options = {
        "value": _value(face),
        "placeholder": words.hint or NO_HINT,
        "continuous_update": False,
    }
    if face.kind == "suggestions":
        options |= {"options": words.suggestions, "ensure_option": False}
    return class_name.get(face.kind, "Text"), options


def _colour(face: Face) -> tuple[str, dict[str, Any]]:
    return "ColorPicker", {"value": _value(face)}


def _moment(face: Face) -> tuple[str, dict[str, Any]]:
    moments: Any = face.domain
    options = {"value": face.default, "min": moments.low, "max": moments.high}
    if moments.of == "datetime":
        return "DatetimePicker" if moments.is_aware else "NaiveDatetimePicker", options
    class_name = "DatePicker" if moments.of == "date" else "TimePicker"
    return class_name, options | {"step": "any" if moments.step is None else moments.step}


def _files(face: Face) -> tuple[str, dict[str, Any]]:
    files: Any = face.domain
    return "FileUpload", {"accept": files.accept, "multiple": files.is_several}


def _fixed(face: Face) -> tuple[str, dict[str, Any]]:
    fixed: Any = face.domain
    return "HTML", {"value": f"<code>{html.escape(fixed.text)}</code>"}


def _numbers(domain: Domain) -> Numbers:
    assert isinstance(domain, Numbers)  # noqa: S101  # see Face
    return domain


_OPTIONS: Mapping[str, Callable[[Face], tuple[str, dict[str, Any]]]] = {
    **dict.fromkeys(("checkbox", "toggle"), _truth),
    **dict.fromkeys(("dropdown", "radio", "buttons", "list", "steps"), _choice),
    **dict.fromkeys(("text", "area", "password", "suggestions"), _text),
    **dict.fromkeys(("date", "datetime", "time"), _moment),
    "slider": _slider,
    "number": _number,
    "play": _play,
    "logslider": _log_slider,
    "range": _range,
    "several": _several,
    "tags": _tags,
    "colour": _colour,
    "files": _files,
    "fixed": _fixed,
}
