"""What each cell is to a run."""

from __future__ import annotations

from collections.abc import Iterable

from nbnodes.notebook.document import PARAMETERS, RETURN, Cell


def cell_roles(cells: Iterable[Cell]) -> list[str]:
    """Return the tags of each cell that matter while it runs: see `shell_side.install`."""
    return [" ".join(sorted({PARAMETERS, RETURN} & set(cell.tags))) for cell in cells]
