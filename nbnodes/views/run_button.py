"""The button that has everything brought up to date where that does not happen by itself."""

from __future__ import annotations

from contextlib import ExitStack

import ipywidgets

from nbnodes.views.binding import Binding


class RunButton(ipywidgets.Button):
    """Runs all that is shown; stands out while changes wait for it.

    Args:
        binding: The graph's.
    """

    def __init__(self, binding: Binding) -> None:
        self._ends = ExitStack()  # what closing it ends
        super().__init__(description="Run", icon="play", tooltip="Bring everything up to date")
        self.on_click(lambda _: binding.run())
        self._ends.callback(binding.withheld.subscribe(self._stand_out))

    def close(self) -> None:
        """Close it; may be called twice."""
        self._ends.close()
        super().close()

    def _stand_out(self, is_withheld: bool) -> None:
        self.button_style = "primary" if is_withheld else ""
