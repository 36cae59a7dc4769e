"""What a page's address says becomes the first values of controls, or a word on why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from nbnodes.errors import ParameterError, UsageError
from nbnodes.notebook.parameters import Parameter, Unknown
from nbnodes.notebook.validation import validate_values
from nbnodes.views.panel import Panel, Setting


def begin_with(panel: Panel, said: Mapping[str, Any]) -> list[str]:
    """Set controls to what a page's address says.

    Args:
        panel: The controls.
        said: Texts by address; those that nothing here is called or almost called are left alone,
            as they may be meant for others on the page.

    Returns:
        What could not be used, one line each.
    """
    problems = []
    for address, text in said.items():
        setting = panel.settings.get(address)
        if setting is None:
            near = get_close_matches(address, panel.settings, n=1, cutoff=0.7)
            problems += [f"{address}: no such parameter; did you mean {near[0]}?"] if near else []
            continue
        try:
            _set(setting, text)
        except ParameterError as error:
            problems += error.problems
        except UsageError as error:
            problems.append(str(error))
        except Exception as error:  # noqa: BLE001  # each widget refuses values in its own way
            problems.append(f"{address}: {text!r}: {error}")
    return problems


def _set(setting: Setting, text: Any) -> None:
    trait, control = setting.trait, setting.control
    parameter = _typed(setting.member.signature.parameters[setting.parameter], trait.said())
    known = {setting.parameter: parameter}
    value = validate_values("", known, {setting.parameter: text}, closed=True)[setting.parameter]
    setattr(trait.widget, trait.trait, value if control is None else control.nearest(value))


def _typed(parameter: Parameter, now: Any) -> Parameter:
    """Return a parameter with the type of its default, or of its value now, if it declares none."""
    sample = now if parameter.default is None else parameter.default
    is_known = parameter.type is not Unknown or sample is None
    return parameter if is_known else replace(parameter, type=type(sample))
