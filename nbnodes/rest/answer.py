"""A Success becomes an Answer: the bytes that a client gets, kept for who asks the same."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from nbnodes.errors import FormatError
from nbnodes.formats.formats import FORMATS, encoded, formats_of, render
from nbnodes.formats.jsonable import json_text, jsonable
from nbnodes.formats.types import told
from nbnodes.result import Success

BARE = "bare"
"""A value as JSON, with nothing around it: no format that clients name."""

_OVERHEAD_BYTES = 500  # of an answer that is kept, besides its body


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a client gets.

    Attributes:
        body: The bytes.
        media_type: What they are.
        etag: Names them; "" for what has no cache key.
        cached: Whether the cache gave the Result.
        run_s: How long the run took, or had taken, in seconds.
        file_name: What a browser calls the file; "" for what is none.
        is_attached: Whether a browser keeps it as a file at once, and does not show it.
    """

    body: bytes
    media_type: str
    etag: str
    cached: bool
    run_s: float
    file_name: str = ""
    is_attached: bool = False


def answer_of(result: Success, name: str, form: str, *, elements: int) -> tuple[Answer, Answer]:
    """Write a Result.

    Args:
        result: The Result.
        name: The name of the Endpoint.
        form: The format; `BARE` for JSON that is the value itself.
        elements: How many elements a value may have that is written as JSON.

    Returns:
        The answer now, and the one for who asks later and gets it from the cache.

    Raises:
        FormatError: If the value has no such form; names the formats that it has.
    """
    if form == BARE:
        body = _json_value(result, elements).encode()
        bodies = [body, body]
    elif form == "json":
        value = _json_value(result, elements)
        bodies = [_envelope(value, result, name, cached=one) for one in (result.cached, True)]
    else:
        body = encoded(render(result, form, limit=elements))
        bodies = [body, body]
    now, later = (
        Answer(
            body=body,
            media_type=_media_type(form),
            etag=_etag(result, form),
            cached=cached,
            run_s=result.duration_s,
            file_name=_file_name(name, form),
            is_attached=form not in _LOOKED_AT,
        )
        for body, cached in zip(bodies, (result.cached, True), strict=True)
    )
    return now, later


_LOOKED_AT = (BARE, "json", "html", "text", "png", "svg")
"""The formats that a browser shows itself."""


class Answers:
    """Answers that were written before, the latest used. Safe from several threads.

    Args:
        limit_bytes: What they may have together.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._size_bytes = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Answer] = OrderedDict()

    def get(self, question: Hashable) -> Answer | None:
        """Return the answer to a question, if it is kept."""
        with self._lock:
            found = self._kept.get(question)
            if found is not None:
                self._kept.move_to_end(question)
            return found

    def put(self, question: Hashable, answer: Answer) -> None:
        """Keep an answer."""
        size_bytes = len(answer.body) + _OVERHEAD_BYTES
        if size_bytes > self._limit_bytes // 4:
            return
        with self._lock:
            self._drop(self._kept.pop(question, None))
            self._kept[question] = answer
            self._size_bytes += size_bytes
            while self._size_bytes > self._limit_bytes:
                self._drop(self._kept.popitem(last=False)[1])

    def _drop(self, answer: Answer | None) -> None:
        if answer is not None:
            self._size_bytes -= len(answer.body) + _OVERHEAD_BYTES


def _json_value(result: Success, elements: int) -> str:
    try:
        return json_text(jsonable(result.value, limit=elements))
    except FormatError as error:
        usable = ", ".join(one for one in formats_of(result, limit=elements) if one != "json")
        raise FormatError(f"{error}; it can be written as: {usable}") from None


def _envelope(value: str, result: Success, name: str, *, cached: bool) -> bytes:
    described: dict[str, Any] = {
        "cached": cached,
        "duration_s": round(result.duration_s, 6),
        "key": result.key,
        "model": name,
        **told(result.value),
    }
    rest = json.dumps(described, ensure_ascii=False)[1:]
    return f'{{"value": {value}, {rest}'.encode()


def _etag(result: Success, form: str) -> str:
    if not result.key:
        return ""
    return f'"{result.key}"' if form == "json" else f'"{result.key}.{form}"'


def _media_type(form: str) -> str:
    return FORMATS["json" if form == BARE else form].content_type


def _file_name(name: str, form: str) -> str:
    if form == BARE:
        return ""
    return f"{name.rpartition('/')[2]}{FORMATS[form].suffix}"
