"""What a cell showed closes when the cell runs again: the front end shows it no more."""

from __future__ import annotations

from typing import Any, Protocol

from nbnodes.engines.own_shell import own_shell


class Closable(Protocol):
    """Something that can be closed, also twice."""

    def close(self) -> None:
        """Close it."""


def close_earlier() -> None:
    """Close what the cell that is running now showed when it ran before."""
    _kept_now()


def close_with_cell(shown: Closable) -> None:
    """Close something when the cell that is running now runs again.

    Else a second run would leave the first one's graph at work unseen. Where nobody tells which
    cell runs (Voila and nbclient run each once), nothing happens.
    """
    kept = _kept_now(shown)
    if kept is not None and shown not in kept:
        kept.append(shown)


def _kept_now(but: Closable | None = None) -> list[Closable] | None:
    """Return what the running cell has shown in this run; close what it did before."""
    shell = own_shell()
    cell_id, run_id = ("", "") if shell is None else _running(shell)
    if not cell_id:
        return None
    cells: dict[str, tuple[str, list[Closable]]] = vars(shell).setdefault("nbnodes_shown", {})
    known_run_id, kept = cells.get(cell_id, ("", []))
    if known_run_id != run_id:
        cells[cell_id] = run_id, []
        for one in kept:
            if one is not but:
                one.close()
    return cells[cell_id][1]


def _running(shell: Any) -> tuple[str, str]:
    """Return the cell that runs and the message that has it run (JupyterLab, VS Code)."""
    parent: dict[str, Any] = getattr(shell, "get_parent", dict)() or {}
    cell_id = parent.get("metadata", {}).get("cellId", "")
    return str(cell_id or ""), str(parent.get("header", {}).get("msg_id", ""))
