"""What a new interpreter of ours is told to do."""

from __future__ import annotations

import os

_PACKAGES = os.path.abspath(os.path.join(__file__, *[os.pardir] * 4))
_PROGRAM = """\
import sys
sys.path.append({packages!r})
from {module} import main
main({descriptor})
"""


def program(module: str, descriptor: int) -> str:
    """Return the text that runs a module's `main`, wherever this package lies.

    Args:
        module: Its name.
        descriptor: That of its end of the connection to us.
    """
    return _PROGRAM.format(packages=_PACKAGES, module=module, descriptor=descriptor)
