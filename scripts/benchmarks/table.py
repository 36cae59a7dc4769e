"""What was measured becomes lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

_WIDTH = 46


def group_lines(measured: dict[str, Any]) -> Iterator[str]:
    """Yield a group's rows, and its goals below."""
    yield f"\n{measured['group']}"
    for row in measured["rows"]:
        yield f"  {_row(row)}"
    for verdict in measured["goals"]:
        yield f"  {_verdict(verdict)}"


def summary_lines(measured: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield how many goals hold, and those that do not."""
    verdicts = [(group["group"], v) for group in measured for v in group["goals"]]
    met = sum(verdict["met"] is True for _, verdict in verdicts)
    yield f"\n{met} of {len(verdicts)} goals hold"
    for group, verdict in verdicts:
        if not verdict["met"]:
            yield f"  {group} | {_verdict(verdict)}"


def _row(row: dict[str, Any]) -> str:
    if "failed" in row:
        return f"{row['name']:<{_WIDTH}} failed: {row['failed']}"
    line = f"{row['name']:<{_WIDTH}} {row['median']:>11.3f} {row['unit']:<7}"
    if "ours_to_this" in row:
        line += f" ours / this {row['ours_to_this']:>9.4f}"
    if "p99" in row:
        line += f"   p95 {row['p95']:.3f}   p99 {row['p99']:.3f}   of {row['readings']}"
    return line


def _verdict(verdict: dict[str, Any]) -> str:
    if verdict["met"] is None:
        return f"goal  {verdict['goal']}: cannot tell; {verdict['failed']}"
    outcome = "met" if verdict["met"] else "NOT MET"
    return f"goal  {verdict['goal']}: {verdict['measured']:.3f}, {outcome}"
