"""A trailing comment becomes Hints: `0..10 step 1 months: the window` has bounds, a step, a unit.

::

    # 0..10                          both bounds
    # 0..1 step 0.05: help           with a step, and help after a colon
    # 1..60 months: help             with a unit before the colon
    # 0.001..1000 log: help          on a logarithmic scale
    # 1..: help                      one bound
    # 2000-01-01..2010-12-31: help   dates
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from nbnodes.control.hints import Hints

_NUMBER = r"[+-]?\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?"
_MOMENT = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?|\d\d:\d\d(?::\d\d)?"
_END = rf"(?:{_MOMENT}|{_NUMBER})"
_BOUNDS = re.compile(
    rf"(?P<low>{_END})?\s*(?:\.\.|…)\s*(?P<high>{_END})?(?![\w.])"
    rf"(?:\s+(?:step|by)\s+(?P<step>{_NUMBER})(?![\w.])|\s+(?P<log>log)\b)?(?P<rest>.*)",
    re.DOTALL,
)
_UNIT = re.compile(r"\s*(?P<unit>[^:]{0,24}?)\s*:(?:\s+(?P<help>.*))?", re.DOTALL)
_WORDS_OF_A_UNIT = 2  # "months", "km / h"; more than that is a sentence


def hints_in(comment: str) -> Hints:
    """Read a comment; one that does not begin with bounds is help from end to end."""
    bounds = _BOUNDS.fullmatch(comment.strip())
    if bounds is None or not (bounds["low"] or bounds["high"]):
        return Hints(help=comment.strip() or None)
    unit, text = _unit_and_help(bounds["rest"])
    return Hints(
        low=_end(bounds["low"]),
        high=_end(bounds["high"]),
        step=_end(bounds["step"]),
        logarithmic=True if bounds["log"] else None,
        unit=unit or None,
        help=text or None,
    )


def _unit_and_help(rest: str) -> tuple[str, str]:
    found = _UNIT.fullmatch(rest)
    if found and len(re.findall(r"\w+", found["unit"])) <= _WORDS_OF_A_UNIT:
        return found["unit"], (found["help"] or "").strip()
    return "", rest.strip(" \t,;:-–—")  # noqa: RUF001  # the dashes that people write


def _end(text: str | None) -> Any:
    """Read a number, a date, a datetime or a time."""
    if not text:
        return None
    try:
        if re.fullmatch(_NUMBER, text):
            plain = text.replace("_", "")
            return int(plain) if re.fullmatch(r"[+-]?\d+", plain) else float(plain)
        kind: Any = dt.time if text[2] == ":" else dt.datetime if ":" in text else dt.date
        return kind.fromisoformat(text)
    except ValueError:  # such as the 31st of February, or thousands of digits
        return None
