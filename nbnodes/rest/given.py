"""What a request gives for parameters: its query, or its JSON body, become values by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from nbnodes.notebook.validation import Text
from nbnodes.rest.problem import refused

RESERVED = frozenset({"token", "_xsrf", "format"})
"""What a query may say besides parameters; in JSON they are parameters like others."""

_MOST = 1_000  # names


def from_query(query: str, *, reserved: frozenset[str] = RESERVED) -> dict[str, Any]:
    """Read a query: each value is text that takes the declared type; repeated ones are a list.

    Raises:
        ProblemError: If it is malformed.
    """
    try:
        pairs = parse_qsl(
            query, keep_blank_values=True, max_num_fields=_MOST, encoding="utf-8", errors="strict"
        )
    except ValueError as error:  # UnicodeDecodeError too
        raise refused(400, "Malformed query", f"the query cannot be read: {error}") from None
    found: dict[str, list[Text]] = {}
    for name, text in pairs:
        if name not in reserved:
            found.setdefault(name, []).append(Text(text))
    return {n: texts[0] if len(texts) == 1 else [*map(str, texts)] for n, texts in found.items()}


def from_body(body: Any) -> dict[str, Any]:
    """Read a JSON body: parameters by name; nothing at all is none.

    Raises:
        ProblemError: If it is no object.
    """
    if not isinstance(body, Mapping):
        text = 'the body must be an object of parameters by name, such as {"n": 15}'
        raise refused(400, "Malformed request", text)
    if len(body) > _MOST:
        raise refused(400, "Malformed request", f"at most {_MOST} parameters can be given")
    return dict(body)


def grid(axes: Mapping[str, Any], most: int) -> Sequence[dict[str, Any]]:
    """Return the product of lists of values, the last name's changing fastest.

    Raises:
        ProblemError: If a name has no list, or there are too many.
    """
    import itertools
    import math

    wrong = [name for name, values in axes.items() if not isinstance(values, list)]
    if wrong:
        text = f"a grid has a list of values for each name; {', '.join(wrong)} has none"
        raise refused(400, "Malformed request", text)
    count = math.prod(len(values) for values in axes.values())
    if count > most:
        raise refused(413, "Batch too large", f"{count} sets of parameters, at most {most} allowed")
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
