"""A request's `Accept` and `?format=` become the format that it wants (RFC 9110, 12.5.1). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from nbnodes.formats.formats import FORMATS

# Where the client leaves the choice to us, or some that it wants as much: the first of these.
_PREFERRED = ("json", "html", "png", "svg", "csv", "text", "parquet", "arrow", "ipynb")
_TOKEN = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_WEIGHT = re.compile(r"(?:0|1)?(?:\.[0-9]{0,9})?", re.ASCII)  # Java's own client says "q=.2"
_EXACT_WITH_PARAMETERS, _EXACT, _EXACT_OTHERWISE, _KIND, _ANY = 4, 3, 2, 1, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Range:
    """A media range of the header.

    Attributes:
        kind: `text` of `text/csv`; "*" for any.
        subtype: `csv` of it; "*" for any.
        parameters: What else it says of the type.
        weight: How much it is wanted, 0 to 1; 0 is not at all.
        place: Its place in the header.
    """

    kind: str
    subtype: str
    parameters: frozenset[tuple[str, str]] = field(default=frozenset())
    weight: float = 1.0
    place: int = 0

    def match(self, media_type: str) -> int | None:
        """Return how specific it is about a media type; None if it says nothing of it."""
        kind, _, subtype = media_type.partition("/")
        if self.kind == "*":
            return _ANY
        if self.kind != kind or self.subtype not in ("*", subtype):
            return None
        if self.subtype == "*":
            return _KIND
        if not self.parameters:
            return _EXACT
        is_ours = self.parameters <= {("charset", "utf-8"), ("charset", "utf8")}
        return _EXACT_WITH_PARAMETERS if is_ours else _EXACT_OTHERWISE


def wanted_format(accept: str | None, asked: str | None, there: Sequence[str]) -> str | None:
    """Return the name of the format to answer in; None if none of those there will do.

    Args:
        accept: The header, several of them joined by commas; what is malformed in it is passed
            over, and where nothing is left it says nothing.
        asked: What `?format=` says, which goes before the header.
        there: The formats that there are to choose from; `format_named` refuses unknown ones.
    """
    if asked is not None:
        return asked if asked in there else None
    return _wanted(accept or "", tuple(there))


@lru_cache(maxsize=32)  # clients say the same with each request
def _wanted(accept: str, there: tuple[str, ...]) -> str | None:
    ranges = list(_ranges(accept)) or [_Range(kind="*", subtype="*")]
    ranked = [(rank, name) for name in there if (rank := _rank(ranges, name)) is not None]
    return max(ranked)[1] if ranked else None


def _rank(ranges: Sequence[_Range], name: str) -> tuple[float, int, int, int] | None:
    """Rank a format, the most wanted highest; None for what is not wanted at all."""
    media_type = FORMATS[name].media_type
    said = ((one.match(media_type), -one.place, one) for one in ranges)
    said_of_it = [(match, place, one.weight) for match, place, one in said if match is not None]
    if not said_of_it:
        return None
    match, place, weight = max(said_of_it)  # the most specific one holds
    closeness = min(match, _EXACT_OTHERWISE)
    return (weight, closeness, place, -_PREFERRED.index(name)) if weight > 0 else None


def _ranges(accept: str) -> Iterator[_Range]:
    for place, text in enumerate(_parts(accept, ",")):
        found = _range(text, place)
        if found is not None:
            yield found


def _range(text: str, place: int) -> _Range | None:
    """Read one range; None if it is malformed."""
    media_type, *rest = (part.strip() for part in _parts(text.lower(), ";"))
    kind, _, subtype = ("*/*" if media_type == "*" else media_type).partition("/")
    words = [_parameter(part) for part in rest if part]
    if not (_TOKEN.fullmatch(kind) and _TOKEN.fullmatch(subtype)) or None in words:
        return None
    if kind == "*" and subtype != "*":
        return None
    named = [word for word in words if word is not None]
    weights = [value for name, value in named if name == "q"]
    if not all(value and _WEIGHT.fullmatch(value) and value != "." for value in weights):
        return None
    weight = float(weights[0]) if weights else 1.0
    others = frozenset(word for word in named if word[0] != "q")
    if weight > 1:
        return None
    return _Range(kind=kind, subtype=subtype, parameters=others, weight=weight, place=place)


def _parameter(text: str) -> tuple[str, str] | None:
    name, equals, value = (part.strip() for part in text.partition("="))
    return (name, value.strip('"')) if equals and _TOKEN.fullmatch(name) else None


def _parts(text: str, separator: str) -> Iterator[str]:
    """Split a text, but not within quotes. Takes time in proportion to its length."""
    begin, is_quoted, is_escaped = 0, False, False
    for place, character in enumerate(text):
        if is_escaped:
            is_escaped = False
        elif is_quoted and character == "\\":
            is_escaped = True
        elif character == '"':
            is_quoted = not is_quoted
        elif character == separator and not is_quoted:
            yield text[begin:place]
            begin = place + 1
    yield text[begin:]
