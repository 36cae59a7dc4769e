"""What cells print and display becomes nbformat outputs: joined, updated, cleared, and bounded."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from nbnodes.result import CellRun

INLINE_BACKEND = "module://matplotlib_inline.backend_inline"
"""What makes figures outputs of their cell."""

_Draft = dict[str, Any]
ERROR_BYTES = 20_000
"""An error is kept up to here, whatever was shown before."""
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")


class Feed(Protocol):
    """Takes what cells show, as the bodies of the Jupyter protocol's IOPub messages."""

    def feed(self, message_type: str, content: Mapping[str, Any]) -> None:
        """Take one message."""


class OutputLog:
    """Collects the outputs of one run, cell by cell. Several threads may feed it.

    It is fed with the bodies of the Jupyter protocol's IOPub messages
    (https://jupyter-client.readthedocs.io/en/stable/messaging.html#messages-on-the-iopub-pub-sub-channel),
    made `carriable` before.

    Args:
        limit_bytes: How much text, and how much rich output, is kept; the rest is counted only.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._text_bytes = self._rich_bytes = self._dropped_bytes = 0
        self._cells: list[list[_Draft]] = []
        self._durations_s: list[float] = []
        self._clear_pending = False
        self._by_display_id: dict[str, list[_Draft]] = {}
        self._lock = threading.Lock()

    def begin_cell(self) -> None:
        """Start the next cell."""
        self._cells.append([])
        self._durations_s.append(0.0)
        self._clear_pending = False

    def end_cell(self, duration_s: float) -> None:
        """Note how long the cell took."""
        self._durations_s[-1] = duration_s

    def feed(self, message_type: str, content: Mapping[str, Any]) -> None:
        """Take one message; what shows nothing, or comes before the first cell, is ignored."""
        with self._lock:
            if self._cells:
                self._take(message_type, content)

    def _take(self, message_type: str, content: Mapping[str, Any]) -> None:
        match message_type:
            case "stream":
                self._stream(content["name"], content["text"])
            case "clear_output":
                self._clear_pending = True
                if not content.get("wait"):
                    self._clear()
            case "update_display_data":
                self._update(content)
            case "display_data" | "execute_result" | "error":
                self._append(message_type, content)
            case _:
                pass

    def note_dropped(self, count_bytes: int) -> None:
        """Count output that was dropped before it came here."""
        self._dropped_bytes += count_bytes

    def drop_last_error(self) -> None:
        """Forget the error that ended the notebook on purpose (`sys.exit(0)`)."""
        last = self._cells[-1]
        self._cells[-1] = [output for output in last if output["output_type"] != "error"]

    def cells(self) -> tuple[CellRun, ...]:
        """Return the cells so far."""
        if self._dropped_bytes:
            kept, dropped = _size(self._limit_bytes), _size(self._dropped_bytes)
            note = f"[nbnodes: output cut at {kept}; {dropped} more were dropped]\n"
            self._cells[-1].append({"output_type": "stream", "name": "stderr", "text": [note]})
            self._dropped_bytes = 0
        return tuple(
            CellRun(ordinal=i, outputs=tuple(map(_finished, outputs)), duration_s=duration_s)
            for i, (outputs, duration_s) in enumerate(
                zip(self._cells, self._durations_s, strict=True)
            )
        )

    def _stream(self, name: str, text: str) -> None:
        text, dropped_bytes = cut(text, self._limit_bytes - self._text_bytes)
        self._text_bytes += size_bytes(text)
        self._dropped_bytes += dropped_bytes
        if not text:
            return
        self._clear_if_pending()
        outputs = self._cells[-1]
        last = outputs[-1] if outputs else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["text"].append(text)  # joined at the end: adding to one string is quadratic
        else:
            outputs.append({"output_type": "stream", "name": name, "text": [text]})

    def _append(self, kind: str, content: Mapping[str, Any]) -> None:
        self._clear_if_pending()
        draft: _Draft = {"output_type": kind}
        if kind == "error":
            room_bytes = max(self._limit_bytes - self._rich_bytes, ERROR_BYTES)
            evalue, traceback, dropped_bytes = cut_error(
                content["evalue"], content["traceback"], room_bytes
            )
            self._dropped_bytes += dropped_bytes
            draft |= {"ename": content["ename"], "evalue": evalue, "traceback": traceback}
        elif not self._has_room(content):
            return
        else:
            draft |= {"data": dict(content["data"]), "metadata": dict(content.get("metadata", {}))}
        if kind == "execute_result":
            draft["execution_count"] = len(self._cells)
        self._cells[-1].append(draft)
        display_id = content.get("transient", {}).get("display_id")
        if display_id:
            self._by_display_id.setdefault(display_id, []).append(draft)

    def _has_room(self, content: Mapping[str, Any]) -> bool:
        """Count a rich output, unless it is more than may be kept."""
        size = rich_size_bytes(content)
        if self._rich_bytes + size > self._limit_bytes:
            self._dropped_bytes += size
            return False
        self._rich_bytes += size
        return True

    def _update(self, content: Mapping[str, Any]) -> None:
        drafts = self._by_display_id.get(content.get("transient", {}).get("display_id"), [])
        if not drafts:
            return
        self._rich_bytes -= rich_size_bytes(drafts[0])  # what it replaces is given back
        if not self._has_room(content):
            return
        for draft in drafts:
            draft["data"] = dict(content["data"])
            draft["metadata"] = dict(content.get("metadata", {}))

    def _clear_if_pending(self) -> None:
        if self._clear_pending:
            self._clear()

    def _clear(self) -> None:
        self._cells[-1].clear()
        self._clear_pending = False


def carriable(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a message's body with lone surrogates, which no file could hold, spelled out."""
    if "text" in content:
        text = _spelled(content["text"])
        return content if text is content["text"] else {**content, "text": text}
    if "data" in content:
        shown = {**content, "data": _spelled_bundle(content["data"])}
        if content.get("metadata"):
            shown["metadata"] = _spelled_bundle(content["metadata"])
        return shown
    if "traceback" in content:
        lines = list(map(_spelled, content["traceback"]))
        return {**content, "evalue": _spelled(content["evalue"]), "traceback": lines}
    return content


def cut(text: str, room_bytes: int) -> tuple[str, int]:
    """Return the beginning of a text that fits, and the size in bytes of the rest."""
    whole_bytes = size_bytes(text)
    if whole_bytes <= room_bytes:
        return text, 0
    kept = text.encode(errors="replace")[: max(0, room_bytes)].decode(errors="ignore")
    return kept, whole_bytes - size_bytes(kept)


def cut_error(evalue: str, traceback: Sequence[str], room_bytes: int) -> tuple[str, list[str], int]:
    """Return an error's text, its last lines that fit, and the size in bytes of the rest."""
    evalue, dropped_bytes = cut(_spelled(evalue), room_bytes)
    kept: list[str] = []
    for line in reversed(traceback):  # the last frames tell most
        part, lost_bytes = cut(_spelled(line), room_bytes)
        room_bytes -= size_bytes(part)
        dropped_bytes += lost_bytes
        kept += [part] if part or not line else []
    return evalue, kept[::-1], dropped_bytes


def rich_size_bytes(content: Mapping[str, Any]) -> int:
    """Return the size of a display's data; what is not text counts as the JSON it becomes."""
    return sum(
        size_bytes(part) if isinstance(part, str) else len(json.dumps(part, default=str))
        for part in content.get("data", {}).values()
    )


def size_bytes(text: str) -> int:
    """Return the size of a text as UTF-8."""
    return len(text) if text.isascii() else len(text.encode(errors="replace"))


def _finished(draft: _Draft) -> _Draft:
    if draft["output_type"] == "stream":
        return draft | {"text": "".join(draft["text"])}
    return dict(draft)


def _spelled(text: str, form: str = "\\u%04x") -> str:
    """Spell out lone surrogates, in some form; return the same text if there are none."""
    if text.isascii():  # at once, however long it is
        return text
    return _LONE_SURROGATES.sub(lambda found: form % ord(found[0]), text)


def _spelled_part(part: Any) -> Any:
    if isinstance(part, str):
        return _spelled(part)
    text = json.dumps(part, ensure_ascii=False, default=str)
    spelled = _spelled(text, "\\\\u%04x")  # within JSON, a backslash is two
    return part if spelled == text else json.loads(spelled)


def _spelled_bundle(bundle: Mapping[str, Any]) -> dict[str, Any]:
    return {_spelled(mime): _spelled_part(part) for mime, part in bundle.items()}


def _size(count_bytes: int) -> str:
    megabytes = count_bytes / 1e6
    return f"{megabytes:.1f} MB" if round(megabytes, 1) else f"{count_bytes} bytes"
