"""Text as terminals show it becomes HTML: ANSI's colours as classes, cut where it is long. Pure."""

from __future__ import annotations

import re

from nbnodes.page.markup import tag
from nbnodes.page.markup import text as escaped

MOST_CHARACTERS = 100_000
_LAST = 20_000  # of these are the last ones
_LONG_LINE = 2_000
_MOST_READ = 500_000  # of a text with lines that write over themselves
_CODE = re.compile(r"\x1b\[((?:[0-9]{0,3}[;:]){0,20}[0-9]{0,3})m")
_OTHER = re.compile(
    r"\x1b\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)?|\x1b\[[0-?]{0,64}[ -/]{0,8}[@-~]|\x1b[@-Z\\-_]?"
)
_UNSEEN = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_STYLES = {1: "bold", 3: "italic", 4: "underline", 7: "reverse"}
_EXTENDED = {38: "fg", 48: "bg"}  # colours of more than eight follow
_COUNTS = {5: 1, 2: 3}  # numbers that tell a colour, by what tells how many
_OFF = {22: 1, 23: 3, 24: 4, 27: 7}
_COLOURS, _SYSTEM, _CUBE = 8, 16, 216  # of 256: eight in two strengths, six levels of each, greys
_LIT = 100  # of 255: what is brighter counts as on


def pre(text: str, *, name: str = "nb-text", rest: str = "") -> str:
    """Write text as a <pre>; of more than 100,000 characters the first and the last ones.

    Args:
        text: It.
        name: The element's class.
        rest: How to have what is left out, such as "download the value"; "" for nothing to say.
    """
    first, last, more = _ends(text)
    shown = _one(first, name)
    if more:
        shown += aside(f"… {more:,} characters more{f': {rest} to have them all' * bool(rest)}.")
    return shown + _one(last, name) if last else shown


def _one(text: str, name: str) -> str:
    return tag("pre", coloured(text), class_=name, tabindex=0)


def _ends(text: str) -> tuple[str, str, int]:
    """Return the beginning of a text, its end, and how many characters between are left out."""
    if len(text) <= _MOST_READ:
        read = _overwritten(text)
        first = last = read
        if len(read) <= MOST_CHARACTERS:
            return read, "", 0
    else:
        first, last = (_overwritten(one) for one in (text[:_MOST_READ], text[-_MOST_READ:]))
        read = text
    first, last = first[: MOST_CHARACTERS - _LAST], last[-_LAST:]
    begin = last.find("\n", 0, _LONG_LINE) + 1  # an end begins with a whole line
    last = last[begin:]
    return first, last, len(read) - len(first) - len(last)


def aside(words: str) -> str:
    """Write what is said of an output, in our own words."""
    return tag("p", escaped(words), class_="nb-aside")


def coloured(text: str) -> str:
    """Write text with its ANSI colours as spans of class `nb-ansi-…`."""
    parts = _CODE.split(text)
    written = [_seen(parts[0])]
    active: dict[str, str] = {}
    for code, part in zip(parts[1::2], parts[2::2], strict=True):
        _apply(active, code)
        classes = " ".join(f"nb-ansi-{name}" for name in active.values())
        inner = _seen(part)
        written.append(tag("span", inner, class_=classes) if classes and inner else inner)
    return "".join(written)


def _seen(text: str) -> str:
    return escaped(_UNSEEN.sub("", _OTHER.sub("", text) if "\x1b" in text else text))


def _overwritten(text: str) -> str:
    """Do what a terminal does with a carriage return: what follows replaces the line so far."""
    if "\r" not in text:
        return text
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


def _apply(active: dict[str, str], code: str) -> None:
    """Change the styles that are on by one of ANSI's codes, such as "1;31" or "38;5;28"."""
    numbers = [int(word or "0") for word in re.split("[;:]", code)]
    while numbers:
        number = numbers.pop(0)
        if number in _EXTENDED:
            _extended(active, _EXTENDED[number], numbers)
        elif number == 0:
            active.clear()
        elif number in _STYLES:
            active[_STYLES[number]] = _STYLES[number]
        elif number in _OFF:
            active.pop(_STYLES[_OFF[number]], None)
        else:
            _basic(active, number)


def _basic(active: dict[str, str], number: int) -> None:
    tens, ones = divmod(number, 10)
    side = "fg" if tens in (3, 9) else "bg"
    if tens in (3, 4, 9, 10):
        active.pop(side, None)
        if ones < _COLOURS:
            active[side] = f"{side}-{ones}"


def _extended(active: dict[str, str], side: str, numbers: list[int]) -> None:
    """Take a colour of 256 or of 16 million; show the nearest of eight, which the page knows."""
    count = _COUNTS.get(numbers.pop(0), 0) if numbers else 0
    found, numbers[:count] = tuple(numbers[:count]), []
    if len(found) < count or not found:
        return
    active.pop(side, None)
    channels = found if count > 1 else _channels(found[0])
    colour = _nearest(channels) if channels else found[0] % _COLOURS
    if colour not in (0, _COLOURS - 1):  # the text's own serves better than black or white
        active[side] = f"{side}-{colour}"


def _channels(number: int) -> tuple[int, ...]:
    """Return a colour of 256 as red, green and blue of 255; nothing for the first 16."""
    if number < _SYSTEM:
        return ()
    place = number - _SYSTEM
    if place >= _CUBE:
        return (128, 128, 128)
    return tuple(level * 51 for level in (place // 36, place // 6 % 6, place % 6))


def _nearest(channels: tuple[int, ...]) -> int:
    limit = max(_LIT, max(channels) * 2 // 3)
    return sum(1 << place for place, level in enumerate(channels) if level >= limit)
