"""The URL and values of a run become a line for a shell that asks for the same. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from nbnodes.formats import json_text, jsonable


def curl_line(url: str, values: Mapping[str, Any], *, is_guarded: bool = False) -> str:
    """Write a POST as a call of curl that any POSIX shell reads.

    Args:
        url: Of the run, whole.
        values: The parameters, as Python has them.
        is_guarded: Whether a token is needed: it is read from $NBNODES_TOKEN.

    Raises:
        FormatError: If a value has no JSON form.
    """
    body = json_text(jsonable(values))
    token = ' -H "Authorization: Bearer $NBNODES_TOKEN"' if is_guarded else ""
    kind = shlex.quote("Content-Type: application/json")
    return f"curl -X POST {shlex.quote(url)}{token} -H {kind} -d {shlex.quote(body)}"
