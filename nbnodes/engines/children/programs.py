"""What a new interpreter of ours is told to do."""

from __future__ import annotations

import os

_PACKAGES = os.path.abspath(os.path.join(__file__, *[os.pardir] * 4))
_PROGRAM = """\
import sys
sys.path.append({packages!r})
{first}from {module} import main
main({descriptor})
"""


_KEPT = """\
from nbnodes.engines.children.keeping import go_on_kept
go_on_kept({descriptor})
"""


def program(module: str, descriptor: int, *, is_kept: bool = False) -> str:
    """Return the text that runs a module's `main`, wherever this package lies.

    Args:
        module: Its name.
        descriptor: That of its end of the connection to us.
        is_kept: Whether it gets a keeper, forked before there is much to fork.
    """
    first = _KEPT.format(descriptor=descriptor) if is_kept else ""
    return _PROGRAM.format(packages=_PACKAGES, first=first, module=module, descriptor=descriptor)
