"""What a server tells of a parameter becomes a Parameter, as a local notebook's is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbnodes.formats.types import restored
from nbnodes.notebook.parameters import Code, Parameter, Unknown

_TYPES = {
    "date": "datetime.date",
    "date-time": "datetime.datetime",
    "time": "datetime.time",
    "uuid": "uuid.UUID",
}


def parameter_of(
    name: str, schema: Mapping[str, Any], declared: Mapping[str, Any], *, required: bool
) -> Parameter:
    """Read a parameter.

    Args:
        name: Its name, or address.
        schema: The JSON Schema of its values.
        declared: What the notebook says of it, as written.
        required: Whether it has no default.
    """
    default: Any = None
    if "default" in schema:
        default = restored(schema["default"], _TYPES.get(schema.get("format", ""), ""))
    elif not required:
        default = Code(declared.get("default") or "...")
    is_plain = default is not None and not isinstance(default, Code)
    return Parameter(
        name=name,
        default=default,
        annotation=declared.get("annotation", ""),
        help=declared.get("help", ""),
        required=required,
        type=type(default) if is_plain else Unknown,
    )
