"""What a request gives for parameters: its query, or its JSON body, become values by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from nbnodes.errors import ParameterError
from nbnodes.formats.formats import FORMATS
from nbnodes.notebook.validation import Lone
from nbnodes.rest.problem import refused

RESERVED = frozenset({"token", "_xsrf"})
"""What a query may say besides parameters; in JSON they are parameters like others."""

RUN_RESERVED = RESERVED | {"format"}
"""The same where the query also says how the value is to be written."""

BY_BODY = "cannot be given in a query, which says something else by that name: send it by POST"
"""What is told of a parameter whose name is reserved."""

_IN_BODY = 'stands in the query, but a POST takes values from its JSON body, such as {"n": 15}'

_MOST = 1_000  # names


def from_query(query: str, *, reserved: frozenset[str] = RESERVED) -> dict[str, Any]:
    """Read a query: each value is text that takes the declared type; repeated ones are a list.

    A value alone may be the only one of a list, too.

    Raises:
        ProblemError: If it is malformed.
    """
    try:
        pairs = parse_qsl(
            query, keep_blank_values=True, max_num_fields=_MOST, encoding="utf-8", errors="strict"
        )
    except ValueError as error:  # UnicodeDecodeError too
        raise refused(400, "Malformed query", f"the query cannot be read: {error}") from None
    found: dict[str, list[Lone]] = {}
    for name, text in pairs:
        if name not in reserved:
            found.setdefault(name, []).append(Lone(text))
    return {n: texts[0] if len(texts) == 1 else [*map(str, texts)] for n, texts in found.items()}


def refuse_query(query: str, model: str, *, reserved: frozenset[str] = RESERVED) -> None:
    """Refuse values in the query of a POST, which would else be passed over.

    Raises:
        ParameterError: If there are any.
        ProblemError: If the query is malformed.
    """
    names = from_query(query, reserved=reserved)
    if names:
        raise ParameterError(model, [f"{name}: {_IN_BODY}" for name in names])


def format_from_query(query: str, taken: Collection[str] = ()) -> str:
    """Read from a query in which format to answer; "" for none.

    Args:
        query: It.
        taken: The names of the parameters, one of which may be called `format`, too.

    Raises:
        ProblemError: If it names a format that there is not, or several.
    """
    named = [text for name, text in parse_qsl(query, keep_blank_values=True) if name == "format"]
    if not named or (len(named) == 1 and named[0] in FORMATS):
        return "".join(named)
    said = f"there is no format {named[0][:100]!r}" if len(named) == 1 else "format is given twice"
    text = f"{said}; there are: {', '.join(FORMATS)}"
    if "format" in taken:
        text = f"{text}; the parameter called format {BY_BODY}"
    raise refused(406, "No such format", text, formats=list(FORMATS))


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
