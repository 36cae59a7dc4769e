"""Controls and their values become a form: labelled, explained, grouped by node. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nbnodes.control.control import Control
from nbnodes.page.fields import (
    GROUPED,
    NONE_OF_ITS_OWN,
    Field,
    control_as_json,
    field_html,
)
from nbnodes.page.markup import json_script, slug, tag, text

_TICKS = ("checkbox", "toggle")
_GUESSED = "Guessed from the default alone; other values may be typed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What people can set on a page.

    Attributes:
        controls: By address.
        values: What they are set to, by address; the control's default for those not named.
        problems: Why a value was refused, by address.
        groups: Titles and the addresses below each; none for no titles.
        within: What its ids begin with: another text for each form on a page.
    """

    controls: Mapping[str, Control]
    values: Mapping[str, Any] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    within: str = "nb"

    def value(self, address: str) -> Any:
        """Return what a control is set to."""
        return self.values.get(address, self.controls[address].default)


def form_html(form: Form, *after: str, **attributes: Any) -> str:
    """Write a form, with what its script reads.

    Args:
        form: What to show.
        after: HTML below the controls, such as buttons.
        attributes: The form's own.
    """
    named = {address for group in form.groups.values() for address in group}
    rest = [address for address in form.controls if address not in named]
    inner = _controls(form, rest)
    for title, addresses in form.groups.items():
        shown = _controls(form, [one for one in addresses if one in form.controls])
        legend = tag("legend", text(title))
        inner += tag("fieldset", legend, shown, class_="nb-group") if shown else ""
    known = {
        address: control_as_json(control, form.value(address))
        for address, control in form.controls.items()
        if control.is_settable and control.kind != "files"
    }
    return tag("form", inner, *after, json_script(known), class_="nb-form", **attributes)


def control_html(form: Form, address: str) -> str:
    """Write one control: label, inputs, what it is for, and why its value was refused."""
    control, value = form.controls[address], form.value(address)
    problem = form.problems.get(address, "")
    place = f"{form.within}-{slug(address)}"
    helped = _help(control)
    described = " ".join([f"{place}-help"] * bool(helped) + [f"{place}-problem"])
    field = Field(
        control=control,
        value=value,
        id=place,
        described_by=described,
        is_invalid=bool(problem),
    )
    is_group = control.kind in GROUPED or control.domain.__class__.__name__ == "Several"
    head = _head(control, value, place, is_group=is_group)
    inputs = tag("div", field_html(field), class_="nb-inputs", data_inputs=True)
    parts = [
        *((inputs, head) if control.kind in _TICKS else (head, inputs)),
        tag("p", helped, class_="nb-help", id=f"{place}-help") if helped else "",
        tag("p", text(problem), class_="nb-problem", id=f"{place}-problem", hidden=not problem),
    ]
    words: dict[str, Any] = {"class_": f"nb-control nb-is-{control.kind}", "data_address": address}
    if is_group:
        words |= {"role": "group", "aria_labelledby": f"{place}-label"}
    return tag("div", *parts, **words)


def _controls(form: Form, addresses: Iterable[str]) -> str:
    return "".join(control_html(form, address) for address in addresses)


def _head(control: Control, value: Any, place: str, *, is_group: bool) -> str:
    words = [text(control.label or control.name.replace("_", " "))]
    if control.unit:
        words.append(" " + tag("span", text(control.unit), class_="nb-unit"))
    if control.is_required:
        words.append(" " + tag("span", "needed", class_="nb-mark"))
    if control.is_guessed:
        words.append(" " + tag("span", "guessed", class_="nb-mark", title=_GUESSED))
    if is_group or control.kind == "fixed":
        label = tag("span", *words, id=f"{place}-label", class_="nb-label")
    else:
        label = tag("label", *words, id=f"{place}-label", for_=place, class_="nb-label")
    if not control.is_optional or control.kind in (*NONE_OF_ITS_OWN, "fixed", "files"):
        return tag("div", label, class_="nb-head")
    tick = tag(
        "input",
        type="checkbox",
        data_part="none",
        checked=value is None,
        autocomplete="off",
        aria_label=f"{control.label or control.name}: none",
    )
    return tag("div", label, tag("label", tick, "none", class_="nb-none"), class_="nb-head")


def _help(control: Control) -> str:
    reason = getattr(control.domain, "reason", "")
    told = [control.help, reason if control.kind == "fixed" else ""]
    return " ".join(text(one) for one in told if one)
