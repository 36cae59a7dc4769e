"""Writes `fingerprints-N.json`, the digests that version N gives: run it for a new VERSION only."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from nbnodes.cache.fingerprint import VERSION

FOLDER = Path(__file__).parent


def main() -> None:
    """Write the file of the present version."""
    sys.path.insert(0, str(FOLDER.parent / "unit" / "cache"))
    from corpus import STABLE, digests

    text = json.dumps(digests(STABLE), indent=1)
    (FOLDER / f"fingerprints-{VERSION}.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
