"""The notebooks that are measured, written into a folder of their own."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from typing import Any

Cells = Sequence[tuple[str, str]]  # tag ("" for none) and source of each

TRIVIAL: Cells = (("parameters", "x = 1"), ("", "y = x * 2"), ("", "z = y + 1"), ("return", "z"))
"""Plain Python, next to nothing to compute."""

MAGIC: Cells = (("parameters", "x = 1"), ("", "%time y = x * 2"), ("return", "y"))
"""A cell that only IPython understands."""

PANDAS: Cells = (
    ("", "import numpy as np\nimport pandas as pd"),
    ("parameters", "groups = 10"),
    ("", "rng = np.random.default_rng(0)\nkeys = rng.integers(0, groups, 100_000)"),
    ("", 'table = pd.DataFrame({"key": keys, "value": rng.random(100_000)})'),
    ("return", 'table.groupby("key").agg({"value": ["mean", "std"]})'),
)
"""Imports pandas and numpy, groups 100 000 rows, returns a frame of 10."""

_FRAME = """\
import time
import numpy as np
import pandas as pd
frame = pd.DataFrame(np.arange(5_000_000, dtype=float).reshape(-1, 5), columns=list("abcde"))
frame.attrs["made_at"] = time.monotonic()"""

FRAME: Cells = (("", _FRAME), ("return", "frame"))
"""Returns 40 MB, which know when they were made."""

_DISPLAY = """\
import base64, pickle
from IPython.display import display
text = base64.b64encode(pickle.dumps(frame, 5)).decode()
display({"application/x-pickle": text}, raw=True)"""

FRAME_SHOWN: Cells = (("", _FRAME), ("", _DISPLAY))
"""The same, as text among the outputs."""

BUSY: Cells = (("", "while True:\n    pass"),)
"""Never ends, and computes."""

ASLEEP: Cells = (("", "import time\ntime.sleep(600)"),)
"""Does not end for long, and waits."""

DEATH: Cells = (
    ("", "import os, time"),
    (
        "",
        'with open("died_at", "w") as file:\n    file.write(str(time.monotonic()))\nos._exit(1)',
    ),
)
"""Writes down the time, and its process ends."""


def write(folder: str, name: str, cells: Cells) -> str:
    """Write a notebook; return its path."""
    document: dict[str, Any] = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        },
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "metadata": {"tags": [tag]} if tag else {},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for number, (tag, source) in enumerate(cells)
        ],
    }
    path = os.path.join(folder, f"{name}.ipynb")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file)
    return path


def age(folder: str) -> None:
    """Make a folder and what lies in it an hour old: what has just been written is not trusted."""
    then = time.time() - 3600
    for path in (*(entry.path for entry in os.scandir(folder)), folder):
        os.utime(path, (then, then))
