"""HTML as anybody wrote it becomes tokens, in time that grows with its length alone. Pure.

Python's own `html.parser` (3.11) takes minutes for 60 kB of `<a `, and raises on `<![<`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

RAW = frozenset(
    {"iframe", "noembed", "noframes", "noscript", "plaintext", "script", "style", "textarea"}
    | {"title", "xmp"}
)
"""Elements in which nothing but their own end tag is a tag."""

_MOST_ATTRIBUTES = 500  # a tag with more is taken for one that never ends
_NAME = re.compile(r"[a-zA-Z][^\s/>]*")
_GAP = re.compile(r"[\s/]*")
_KEY = re.compile(r"[^\s/>][^\s/>=]*")
_EQUALS = re.compile(r"\s*=\s*")
_UNQUOTED = re.compile(r"[^\s>]*")
_ENDS = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in sorted(RAW)}


class Token(NamedTuple):  # a dataclass takes four times as long to make, and there are many
    """A tag, or text.

    Attributes:
        kind: "raw" is an element of `RAW`, with all that is in it.
        name: The element's, in lower case; "" for text.
        text: The text as it was written, entities included.
        attributes: As they were written; "" for those without a value.
        end: The offset behind it.
        is_empty: Whether a start ends with "/>", by which SVG and MathML close an element.
    """

    kind: Literal["text", "start", "end", "raw"]
    name: str
    text: str
    attributes: tuple[tuple[str, str], ...]
    end: int
    is_empty: bool = False


def tokens(html: str) -> Iterator[Token]:
    """Yield the tokens of HTML; comments and declarations are empty text."""
    at = 0
    while at < len(html):
        begin = html.find("<", at)
        if begin < 0:
            yield Token("text", "", html[at:], (), len(html))
            return
        if begin > at:
            yield Token("text", "", html[at:begin], (), begin)
        token, at = _token(html, begin)
        if token is not None:
            yield token


def _token(html: str, at: int) -> tuple[Token | None, int]:
    """Read what begins with a "<"; return it, if it is anything, and the offset behind it."""
    following = html[at + 1 : at + 2]
    if following in ("!", "?"):
        return _aside(html, at)
    if following == "/":
        name = _NAME.match(html, at + 2)
        end = _behind(html, ">", at + 2)
        return (Token("end", name[0].lower(), "", (), end) if name else None), end
    name = _NAME.match(html, at + 1)
    if name is None:
        return Token("text", "", "<", (), at + 1), at + 1
    return _start(html, name[0].lower(), name.end())


def _aside(html: str, at: int) -> tuple[Token | None, int]:
    if html.startswith("<!--", at):
        end = _behind(html, "-->", at + 2 if html.startswith("<!-->", at) else at + 4)
        return Token("text", "", "", (), end), end
    if html.startswith("<![CDATA[", at):
        end = _behind(html, "]]>", at + 9)
        return Token("text", "", html[at + 9 : end].removesuffix("]]>"), (), end), end
    end = _behind(html, ">", at)
    return Token("text", "", "", (), end), end


def _start(html: str, name: str, at: int) -> tuple[Token | None, int]:
    attributes: list[tuple[str, str]] = []
    while True:
        gap = _GAP.match(html, at)
        is_empty = gap is not None and gap[0].endswith("/")
        at = gap.end() if gap else at
        if at >= len(html) or len(attributes) > _MOST_ATTRIBUTES:
            return None, len(html)
        if html[at] == ">":
            break
        key, value, at = _attribute(html, at)
        attributes.append((key, value))
    found = tuple(attributes)
    if name not in RAW:
        return Token("start", name, "", found, at + 1, is_empty), at + 1
    close = None if name == "plaintext" else _ENDS[name].search(html, at + 1)
    inner = html[at + 1 : close.start() if close else len(html)]
    end = _behind(html, ">", close.end()) if close else len(html)
    return Token("raw", name, inner, found, end), end


def _attribute(html: str, at: int) -> tuple[str, str, int]:
    key = _KEY.match(html, at)
    if key is None:  # "/" and ">" are never where this is called: cannot be, but must not hang
        return "", "", at + 1
    equals = _EQUALS.match(html, key.end())
    if equals is None:
        return key[0].lower(), "", key.end()
    at = equals.end()
    quote = html[at : at + 1]
    if quote in ('"', "'"):
        end = _behind(html, quote, at + 1)
        return key[0].lower(), html[at + 1 : end - 1], end
    value = _UNQUOTED.match(html, at)
    text = value[0] if value else ""
    return key[0].lower(), text, at + len(text)


def _behind(html: str, mark: str, at: int) -> int:
    found = html.find(mark, at)
    return len(html) if found < 0 else found + len(mark)
