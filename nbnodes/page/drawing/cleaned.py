"""HTML as anybody wrote it becomes whole elements without scripts, cut where it is too long. Pure.

What leaves is written anew, token by token: all tags are closed, all text is escaped, and nothing
is left in which a browser could read a "<" otherwise than here. So it cannot end what it stands in.
"""

from __future__ import annotations

import html as entities
import re
from collections import Counter
from dataclasses import dataclass, field

from nbnodes.page.drawing.tokens import Token, tokens
from nbnodes.page.markup import text as escaped

MOST_ROWS = 1000
MOST_CHARACTERS = 200_000
_MOST_EMBEDDED = 20_000_000  # characters of pictures and styles within
_MOST_TOKENS = 40_000
_MOST_RULES = 2_000_000  # characters of one <style>
_MOST_AROUND = 20_000_000  # characters of styles and pictures
_FEW = 200  # characters of text, such as how many rows there are
_DEEPEST = 200  # browsers flatten what is nested 512 deep

_VOID = frozenset({"area", "br", "col", "hr", "img", "input", "source", "track", "wbr"})
_UNWRAPPED = frozenset(
    {"applet", "base", "body", "embed", "form", "frame", "frameset", "head", "html", "link"}
    | {"meta", "object", "param", "portal", "slot", "template"}
)
_CLOSED_BY = {
    "li": {"li"}, "dt": {"dt", "dd"}, "dd": {"dt", "dd"}, "p": {"p"}, "option": {"option"},
    "td": {"td", "th"}, "th": {"td", "th"}, "tr": {"td", "th", "tr"},
    "tbody": {"td", "th", "tr", "thead", "tbody"}, "tfoot": {"td", "th", "tr", "tbody"},
}  # fmt: skip
_TAG_NAME = re.compile(r"[a-z][a-z0-9:_.-]*\Z")
_KEY = re.compile(r"[a-z_][a-z0-9:_.-]*\Z")
_DROPPED_KEYS = frozenset(
    {"action", "autofocus", "formaction", "is", "manifest", "ping", "rel", "srcdoc", "target"}
)
_SCHEME = re.compile(r"[\x00-\x20]*([a-z][a-z0-9+.\x00-\x20-]*):", re.IGNORECASE)
_LINKS = frozenset({"href", "src", "xlink:href", "poster", "data", "background", "cite"})
_SCRIPTS = re.compile(r"<script[\s/>]|<iframe\s[^>]*srcdoc", re.IGNORECASE)
_UNHOLDABLE = re.compile("[\0\ud800-\udfff]")
_WRAPPERS = re.compile(r"<!--|-->|<!\[CDATA\[|\]\]>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What is left of HTML.

    Attributes:
        html: Whole elements.
        note: What was left out, for people; "" for nothing.
    """

    html: str
    note: str = ""


def has_scripts(html: str) -> bool:
    """Whether it can be what it is only if scripts of its own run."""
    return _SCRIPTS.search(html) is not None


def is_table(html: str) -> bool:
    """Whether it is one table, or several, with little around them."""
    begin, end = html.find("<table"), html.rfind("</table>")
    around = html[:begin] + html[end:]
    if not 0 <= begin < end or len(around) > _MOST_AROUND:
        return False
    words = "".join(one.text for one in tokens(around) if one.kind == "text")
    return len(words.strip()) <= _FEW


def cleaned(html: str, *, rest: str = "") -> Cleaned:
    """Return the part of HTML that can be shown without scripts.

    A table's rows after the first 1,000, and all after 200,000 characters (pictures within and
    styles not counted), are left out.

    Args:
        html: Anything.
        rest: How to have what is left out, such as "download the value"; "" for nothing to say.
    """
    writer = _Writer()
    for token in tokens(html):
        if not writer.take(token):
            writer.close_all()
            return Cleaned(html="".join(writer.out), note=_note(html, token.end, rest))
    writer.close_all()
    return Cleaned(html="".join(writer.out), note=" ".join(sorted(writer.notes)))


def _note(html: str, at: int, rest: str) -> str:
    rows = len(re.findall(r"<tr[\s>]", html[at:], re.IGNORECASE))
    if rows:
        return f"… {rows + 1:,} rows more{f': {rest} to have them all' * bool(rest)}."
    size = f"{(len(html) - at) / 1000:,.0f} kB"
    return f"… {size} more{f': {rest} to have it all' * bool(rest)}."


@dataclass(slots=True)
class _Writer:
    """Writes tokens. `open` are the elements not yet closed, "" for those that are not written."""

    out: list[str] = field(default_factory=list)
    open: list[tuple[str, bool]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    notes: set[str] = field(default_factory=set)
    tokens: int = 0
    rows: int = 0
    characters: int = 0
    embedded: int = 0

    def take(self, token: Token) -> bool:
        """Write a token; return False if there is no room for more."""
        self.tokens += 1
        match token.kind:
            case "text":
                self._text(token.text)
            case "raw":
                self._raw(token)
            case "end":
                self._end(token.name)
            case "start":
                if token.name == "tr":
                    self.rows += 1
                    if self.rows > MOST_ROWS:
                        return False
                self._start(token)
        has_room = self.characters <= MOST_CHARACTERS and self.embedded <= _MOST_EMBEDDED
        return has_room and self.tokens <= _MOST_TOKENS

    def close_all(self) -> None:
        """Close all elements."""
        while self.open:
            self._close()

    def _text(self, raw: str) -> None:
        room = MOST_CHARACTERS + 1 - self.characters  # one more than there is: so it ends here
        self.characters += min(len(raw), room)
        self.out.append(escaped(entities.unescape(raw[:room])))

    def _start(self, token: Token) -> None:
        name = token.name
        if name in _UNWRAPPED or not _TAG_NAME.match(name):
            return
        while self.open and self.open[-1][0] in _CLOSED_BY.get(name, ()):
            self._close()
        written = "".join(self._attributes(name, token.attributes))
        if name in _VOID:
            self.out.append(f"<{name}{written}>")
            return
        is_written = len(self.open) < _DEEPEST
        self.open.append((name, is_written))
        self.counts[name] += 1
        if is_written:
            self.out.append(f"<{name}{written}>")
            self.characters += len(name) + 2
        if token.is_empty and (self.counts["svg"] or self.counts["math"]):
            self._close()

    def _end(self, name: str) -> None:
        if not self.counts[name]:
            return
        while self.open[-1][0] != name:
            self._close()
        self._close()

    def _close(self) -> None:
        name, is_written = self.open.pop()
        self.counts[name] -= 1
        if is_written:
            self.out.append(f"</{name}>")

    def _raw(self, token: Token) -> None:
        """Write an element in which no tags are; its text is such that none can be read there."""
        if token.name == "style":
            # A "<" means nothing in CSS but in quotes; a browser may read tags there within SVG.
            rules = _WRAPPERS.sub("", token.text[:_MOST_RULES]).replace("<", "\\3c ")
            self.embedded += len(rules)
            self.out.append(f"<style>{_UNHOLDABLE.sub('', rules)}</style>")
        elif token.name == "title" and self.counts["svg"]:
            self.out.append("<title>")
            self._text(token.text)
            self.out.append("</title>")
        elif token.name in ("textarea", "xmp", "plaintext"):
            self.out.append("<pre>")
            self._text(token.text)
            self.out.append("</pre>")
        elif token.name == "iframe":
            self.notes.add("A page of another host is not shown here.")

    def _attributes(self, name: str, given: tuple[tuple[str, str], ...]) -> list[str]:
        chosen: dict[str, str] = {}
        if not given:
            return []
        for key, raw in given:
            value = entities.unescape(raw)
            if key not in chosen and _may_keep(name, key, value):
                chosen[key] = value
        if name == "a" and not chosen.get("href", "#").startswith("#"):
            chosen |= {"target": "_blank", "rel": "noopener noreferrer"}
        written = [f' {key}="{escaped(value)}"' for key, value in chosen.items()]
        length = sum(map(len, written))
        if "data:" in chosen.get("src", "") or "data:" in chosen.get("xlink:href", ""):
            self.embedded += length
        else:
            self.characters += length
        return written


def _may_keep(name: str, key: str, value: str) -> bool:
    """Whether an attribute may stay: it runs nothing, sends nothing, and has a name."""
    if key.startswith("on") or key in _DROPPED_KEYS or not _KEY.match(key):
        return False
    if key not in _LINKS:
        return True
    scheme = _SCHEME.match(value)
    if scheme is None:
        return True
    word = re.sub(r"[\x00-\x20]", "", scheme[1]).lower()
    return word in ("http", "https", "mailto") or (word == "data" and name != "a")
