"""The documents: README.md, CONTRIBUTING.md and what is written by hand below docs/."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"
DOCUMENTS = sorted(
    path
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")]
    if "_build" not in path.parts
)


def prose(*paths: Path) -> str:
    """Return the text of some documents; of all below docs/ if none is named."""
    chosen = paths or tuple(path for path in DOCUMENTS if DOCS in path.parents)
    return "\n".join(path.read_text(encoding="utf-8") for path in chosen)


def table_rows(text: str, first_heading: str) -> list[list[str]]:
    """Return the cells of the first Markdown table whose first column has this heading."""
    lines = text[text.index(f"| {first_heading} |") :].splitlines()
    rows = []
    for line in lines[2:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return rows
