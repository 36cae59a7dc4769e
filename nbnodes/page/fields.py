"""A Control and its value become native inputs; assets/controls.js brings them to life. Pure.

Script and markup agree on this: each input says its role in `data-part`. A place on a grid
(`range`, `low`, `high`) is a whole number; a choice (`choice`, `option`) is its number; "" is None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from nbnodes.control.control import Control
from nbnodes.control.domains import Choices, Domain, Lists, Pairs, Several
from nbnodes.control.grids import Numbers, Powers
from nbnodes.control.wire import value_as_json
from nbnodes.errors import UsageError
from nbnodes.page.markup import tag, text

GROUPED = ("radio", "buttons", "several", "range")
"""Kinds of several inputs, which need a legend in place of a label."""
NONE_OF_ITS_OWN = ("dropdown", "radio", "buttons", "list", "date", "datetime", "time")
"""Kinds that show None by themselves, with no tick beside them."""

_LIST_ROWS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Where an input stands.

    Attributes:
        control: What it sets.
        value: What it is set to.
        id: Its id, on which those of its parts are built.
        described_by: The ids of what explains it.
        is_invalid: Whether its value was refused.
    """

    control: Control
    value: Any
    id: str
    described_by: str
    is_invalid: bool = False

    @property
    def common(self) -> dict[str, Any]:
        """What every input of it has."""
        return {
            "aria_describedby": self.described_by or None,
            "aria_invalid": "true" if self.is_invalid else None,
        }

    @property
    def shown(self) -> Any:
        """The value; where it is None, what stands behind the tick."""
        return self.control.domain.start if self.value is None else self.value


def field_html(field: Field) -> str:
    """Write the inputs of a control, without its label."""
    return _WRITERS[field.control.kind](field)


def number_text(number: Any) -> str:
    """Write a number as JavaScript does: 1.0 is "1"."""
    return "" if number is None else repr(number).removesuffix(".0")


def _truth(field: Field) -> str:
    role = "switch" if field.control.kind == "toggle" else None
    words = {"id": field.id, "role": role, "checked": field.shown is True}
    return tag("input", type="checkbox", data_part="check", **words, **field.common)


def _slider(field: Field) -> str:
    line = _handle(field, "range", field.shown, aria_labelledby=f"{field.id}-label")
    box = _box(field, "number", field.shown, id=field.id)
    play = ""
    if field.control.kind == "play":
        label = f"Play {field.control.label or field.control.name}"
        words = {"data_part": "play", "aria_label": label, "aria_pressed": "false"}
        play = tag("button", "▶", type="button", class_="nb-play", **words)
    return tag("div", play, line, box, class_="nb-line-and-box")


def _range(field: Field) -> str:
    pairs: Any = field.control.domain
    ends = (("low", "from", field.shown[0]), ("high", "to", field.shown[1]))
    handles = "".join(_handle(field, part, end, aria_label=word) for part, word, end in ends)
    lines = tag("div", handles, class_="nb-two-handles")
    if isinstance(pairs.of, Choices):
        said = " to ".join(pairs.of.labels[pairs.of.index(end)] for _, _, end in ends)
        return lines + tag("output", text(said), data_part="said")
    boxes = [_box(field, f"{part}-box", end, aria_label=word) for part, word, end in ends]
    return lines + tag("div", boxes[0], tag("span", "to"), boxes[1], class_="nb-two-boxes")


def _handle(field: Field, part: str, value: Any, **words: Any) -> str:
    domain: Any = field.control.domain
    line = domain.of if isinstance(domain, Pairs) else domain
    if line.size is None:
        ends = {"min": line.low, "max": line.high, "step": "any", "value": number_text(value)}
    else:
        ends = {"min": 0, "max": line.size - 1, "step": 1, "value": _place(line, value)}
    said = f"{_said(line, value)} {field.control.unit}".strip()
    known = {"type": "range", "data_part": part, "aria_valuetext": said, "autocomplete": "off"}
    return tag("input", **known, **ends, **words, **field.common)


def _box(field: Field, part: str, value: Any, **words: Any) -> str:
    """Write a number's input; what was guessed may be left."""
    domain: Any = field.control.domain
    line = domain.of if isinstance(domain, Pairs) else domain
    ends: dict[str, Any] = {"step": "any"}
    if isinstance(line, Numbers):
        ends["step"] = number_text(line.step) or "any"
        if not field.control.is_guessed:
            ends |= {"min": number_text(line.low) or None, "max": number_text(line.high) or None}
    known = {"type": "number", "data_part": part, "value": number_text(value)}
    return tag("input", **known, **ends, **words, **field.common, autocomplete="off")


def _number(field: Field) -> str:
    return _box(field, "number", field.shown, id=field.id)


def _dropdown(field: Field) -> str:
    chosen = _chosen(field)
    options = "".join(
        tag("option", text(label), value=place, selected=place == chosen)
        for place, label in _options(field, chosen)
    )
    rows = _LIST_ROWS if field.control.kind == "list" else None
    known = {"id": field.id, "data_part": "choice", "size": rows, "autocomplete": "off"}
    return tag("select", options, **known, **field.common)


def _radio(field: Field) -> str:
    chosen = _chosen(field)
    inner = "".join(
        _option(field, place, label, type="radio", name=field.id, checked=place == chosen)
        for place, label in _options(field, chosen)
        if place or field.control.is_optional
    )
    return tag("div", inner, class_=f"nb-options nb-{field.control.kind}")


def _several(field: Field) -> str:
    domain: Any = field.control.domain
    chosen = {domain.of.index(one) for one in field.shown}
    inner = "".join(
        _option(field, str(place), label, type="checkbox", checked=place in chosen)
        for place, label in enumerate(domain.of.labels)
    )
    return tag("div", inner, class_="nb-options nb-several")


def _option(field: Field, place: str, label: str, **words: Any) -> str:
    one = tag("input", data_part="option", value=place, autocomplete="off", **words, **field.common)
    return tag("label", one, tag("span", text(label)))


def _steps(field: Field) -> str:
    choices: Any = field.control.domain
    first = choices.at(0) if field.shown is None else field.shown
    line = _handle(field, "range", first, id=field.id)
    said = tag("output", text(_said(choices, first)), data_part="said", for_=field.id)
    return tag("div", line, said, class_="nb-line-and-box")


def _tags(field: Field) -> str:
    if isinstance(field.control.domain, Several):
        return _several(field)
    label = field.control.label or field.control.name
    items = "".join(_chip(value, label) for value in field.shown)
    chips = tag("ul", items, class_="nb-chips", data_part="chips", aria_label=f"{label}: chosen")
    words = {"placeholder": "add, then Enter", "autocomplete": "off", **field.common}
    return chips + tag("input", type="text", id=field.id, data_part="add", **words)


def _chip(value: Any, label: str) -> str:
    shown = text(value if isinstance(value, str) else number_text(value))
    words = {"data_part": "remove", "aria_label": f"Remove {value} from {label}"}
    return tag("li", tag("span", shown), tag("button", "×", type="button", **words))  # noqa: RUF001  # the sign that closes things


def _words(field: Field) -> str:
    domain: Any = field.control.domain
    kind = field.control.kind
    known = {"id": field.id, "data_part": "text", "maxlength": domain.longest, **field.common}
    known |= {"placeholder": domain.hint or None, "spellcheck": "false", "autocomplete": "off"}
    if kind == "area":
        return tag("textarea", "\n" + text(field.shown), rows=5, **known)
    listed = f"{field.id}-list" if kind == "suggestions" else None
    form = "password" if kind == "password" else "text"
    known |= {"type": form, "value": field.shown, "list": listed}
    options = "".join(tag("option", value=one) for one in domain.suggestions)
    return tag("input", **known) + (tag("datalist", options, id=listed) if listed else "")


def _colour(field: Field) -> str:
    label = field.control.label or field.control.name
    value = field.shown
    is_plain = len(value) == len("#rrggbb") and value.startswith("#")
    known = {"type": "color", "value": value if is_plain else "#000000", "data_part": "picker"}
    picker = tag("input", aria_label=f"{label}: pick", **known, **field.common)
    name = {"type": "text", "value": value, "data_part": "text", "spellcheck": "false"}
    return tag("div", picker, tag("input", id=field.id, **name, **field.common), class_="nb-both")


def _moment(field: Field) -> str:
    moments: Any = field.control.domain
    forms = {"date": "date", "datetime": "datetime-local", "time": "time"}
    step = number_text(moments.step) or "any"
    if moments.low is None:  # browsers count steps from 1970, we do not
        step = "1" if moments.of == "date" else "any"
    ends = {"min": _local(moments.low), "max": _local(moments.high), "step": step}
    known = {"type": forms[moments.of], "value": _local(field.value) or "", "data_part": "moment"}
    one = tag("input", id=field.id, autocomplete="off", **known, **ends, **field.common)
    zone = _zone(field.value or moments.low) if moments.is_aware else ""
    return one + (tag("span", text(f"UTC{zone}"), class_="nb-unit") if moments.is_aware else "")


def _local(moment: Any) -> str | None:
    """Write a moment as browsers do: without its zone, and no finer than milliseconds."""
    if moment is None:
        return None
    if not hasattr(moment, "microsecond"):
        return str(moment.isoformat())
    precision = "milliseconds" if moment.microsecond else "seconds"
    return str(moment.replace(tzinfo=None).isoformat(timespec=precision))


def _zone(moment: Any) -> str:
    offset = f"{moment:%z}" if moment is not None else ""
    return f"{offset[:3]}:{offset[3:5]}" if offset else "+00:00"


def _files(field: Field) -> str:
    told = "Files cannot be handed over on a page yet: give a path, or call the model from Python."
    known = {"type": "file", "id": field.id, "disabled": True, **field.common}
    return tag("input", **known) + tag("p", told, class_="nb-help")


def _fixed(field: Field) -> str:
    fixed: Any = field.control.domain
    return tag("output", tag("code", text(fixed.text)), id=field.id, class_="nb-fixed")


def _options(field: Field, chosen: str) -> Iterator[tuple[str, str]]:
    """Yield the choices' places and labels; nothing, where that is allowed or still so, first."""
    if field.control.is_optional:
        yield "", "none"
    elif not chosen:
        yield "", "choose…"
    choices: Any = field.control.domain
    yield from ((str(place), label) for place, label in enumerate(choices.labels))


def _chosen(field: Field) -> str:
    if field.value is None and field.control.is_optional:
        return ""
    try:
        return str(field.control.domain.index(field.value))
    except UsageError:  # nothing is chosen yet
        return ""


def _place(line: Domain, value: Any) -> int:
    try:
        return line.index(value)
    except UsageError:  # such as a value that was refused
        return 0


def _said(line: Domain, value: Any) -> str:
    if isinstance(line, Choices):
        return line.labels[_place(line, value)]
    return f"{value:.6g}" if isinstance(line, Powers) else number_text(value)


def control_as_json(control: Control, value: Any) -> dict[str, Any]:
    """Write what the script needs of a control: `Control.as_json`, its value, and its grid.

    A logarithmic scale's numbers are written out: JavaScript's powers may differ in the last digit,
    and so would name other Results in the cache.
    """
    written = control.as_json()
    kept = ("kind", "domain", "default", "label", "is_optional", "is_guessed")
    domain = control.domain
    plain = {key: written[key] for key in kept} | {"value": value_as_json(value, domain)}
    if isinstance(domain, Powers) and domain.size <= _MOST_WRITTEN:
        plain["grid"] = [domain.at(place) for place in range(domain.size)]
    inner = domain.of if isinstance(domain, Pairs | Lists) else domain
    if isinstance(inner, Numbers):
        written = plain["domain"] if inner is domain else plain["domain"]["of"]
        written["digits"] = max(_digits(inner.low), _digits(inner.step))
    return plain


def _digits(number: float | None) -> int:
    """Count a number's digits behind the point, as far as JavaScript can round to them."""
    exponent = Decimal(repr(number or 0)).as_tuple().exponent
    return min(100, max(0, -exponent)) if isinstance(exponent, int) else 0


_MOST_WRITTEN = 2000
_WRITERS: Mapping[str, Callable[[Field], str]] = {
    **dict.fromkeys(("checkbox", "toggle"), _truth),
    **dict.fromkeys(("slider", "play", "logslider"), _slider),
    **dict.fromkeys(("dropdown", "list"), _dropdown),
    **dict.fromkeys(("radio", "buttons"), _radio),
    **dict.fromkeys(("text", "area", "password", "suggestions"), _words),
    **dict.fromkeys(("date", "datetime", "time"), _moment),
    "number": _number,
    "range": _range,
    "steps": _steps,
    "several": _several,
    "tags": _tags,
    "colour": _colour,
    "files": _files,
    "fixed": _fixed,
}
