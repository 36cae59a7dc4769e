"""A name, attributes and what is inside become an HTML element, text its escaped form. Pure."""

from __future__ import annotations

import html
import json
import re
from typing import Any

_EMPTY = frozenset({"br", "hr", "img", "input", "link", "meta"})
_UNSAFE_IN_SCRIPT = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)
_NOT_TEXT = re.compile("[\0\ud800-\udfff]")


def tag(name: str, /, *inner: str, **attributes: Any) -> str:
    """Write an element.

    Args:
        name: Such as "div".
        inner: HTML, written one after another.
        attributes: `class_` is "class", `aria_label` "aria-label". None and False leave one out,
            True writes its bare name, everything else is escaped.
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    end = "" if name in _EMPTY else f"{''.join(inner)}</{name}>"
    return f"<{name}{written}>{end}"


def text(value: object) -> str:
    """Escape text; what no page can hold (half characters, NUL) becomes a question mark."""
    return html.escape(_NOT_TEXT.sub("\ufffd", str(value)))


def json_script(value: Any, **attributes: Any) -> str:
    """Write JSON for scripts to read; nothing in it can end the element."""
    written = json.dumps(value, ensure_ascii=True).translate(_UNSAFE_IN_SCRIPT)
    return tag("script", written, type="application/json", **attributes)


def slug(name: str) -> str:
    """Return an id for a name: another one for each, of letters, digits and hyphens."""
    return re.sub(r"[^A-Za-z0-9]", lambda found: f"-{ord(found[0]):x}-", name)


def _attribute(key: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{text(value)}"'
