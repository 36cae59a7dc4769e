"""What `nbnodes graph` says of a notebook: the parts it splits into, as data, text and Picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from nbnodes.graph.drawing.picture import Picture, PictureEdge, PictureNode
from nbnodes.graph.split import Part, Split

_INDENT = "  "


def describe_split(name: str, split: Split) -> dict[str, Any]:
    """Describe a split as data that JSON has; cells are counted from 1."""
    return {
        "notebook": name,
        "parameters": [
            {"name": one.name, "source": one.source} for one in split.parameters.values()
        ],
        "parts": [_part(part) for part in split.parts],
        "edges": [
            {"source": source, "target": part.name, "name": read}
            for part in split.parts
            for read, source in part.reads.items()
        ],
        "doubts": [
            {"cell": doubt.cell + 1, "line": doubt.line, "text": doubt.text}
            for doubt in split.doubts
        ],
    }


def split_text(name: str, split: Split) -> str:
    """Write a split for people: each part with what it reads and why its cells are together."""
    counts = (
        _counted(len(split.parts), "part"),
        _counted(len(split.parameters), "parameter"),
        _counted(len(split.doubts), "doubt"),
    )
    lines = [f"{name}: {', '.join(counts)}"]
    for part in split.parts:
        lines += ["", *_lines(part)]
    if split.doubts:
        lines += ["", "doubts", *(f"{_INDENT}{doubt}" for doubt in split.doubts)]
    return "\n".join(lines)


def split_picture(name: str, split: Split) -> Picture:
    """Say what to draw of a split: its parts, and the parameters that reach them."""
    parts = {part.name for part in split.parts}
    used = {name for part in split.parts for name in part.parameters}
    inputs = {p: f"{p} (parameter)" if p in parts else p for p in split.parameters if p in used}
    return Picture(
        name=name,
        nodes=(
            *(PictureNode(name=shown, kind="input") for shown in inputs.values()),
            *(PictureNode(name=p.name, kind="cell", detail=_cells(p)) for p in split.parts),
        ),
        edges=tuple(
            edge
            for part in split.parts
            for edge in (
                *(PictureEdge(source=inputs[name], target=part.name) for name in part.parameters),
                *(
                    PictureEdge(source=source, target=part.name, label=read)
                    for read, source in part.reads.items()
                ),
            )
        ),
    )


def _part(part: Part) -> dict[str, Any]:
    return {
        "name": part.name,
        "cells": [cell.index + 1 for cell in part.cells],
        "reads": dict(part.reads),
        "parameters": list(part.parameters),
        "defines": list(part.defines),
        "may_define": list(part.may_define),
        "files": list(part.files),
        "reasons": list(part.reasons),
        "returns": part.returns,
    }


def _lines(part: Part) -> Iterator[str]:
    yield f"{part.name}  ({_cells(part)})"
    given: dict[str, list[str]] = {}
    for name, source in part.reads.items():
        given.setdefault(source, []).append(name)
    reads = (f"{', '.join(names)} from {source}" for source, names in given.items())
    rows = (
        ("reads", "; ".join(reads)),
        ("parameters", ", ".join(part.parameters)),
        ("files", ", ".join(part.files)),
        ("gives", ", ".join(part.defines)),
        *(("together" if i == 0 else "", why) for i, why in enumerate(part.reasons)),
        ("value", "the notebook's" if part.returns else ""),
    )
    yield from (f"{_INDENT}{label:<11} {text}" for label, text in rows if text)


def _cells(part: Part) -> str:
    """Name cells by their numbers: "cells 3-5, 8"."""
    numbers = [cell.index + 1 for cell in part.cells]
    runs = [(run[0], run[-1]) for run in _runs(numbers)]
    shown = ", ".join(f"{low}" if low == high else f"{low}-{high}" for low, high in runs)
    return f"{'cell' if len(numbers) == 1 else 'cells'} {shown}"


def _runs(numbers: Iterable[int]) -> list[list[int]]:
    """Put numbers that follow one another together."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
