"""The button that has everything brought up to date where that does not happen by itself."""

from __future__ import annotations

import ipywidgets

from nbnodes.views.binding import Binding


class RunButton(ipywidgets.Button):
    """Runs all that is shown; stands out while changes wait for it.

    Args:
        binding: The graph's.
    """

    def __init__(self, binding: Binding) -> None:
        super().__init__(description="Run", icon="play", tooltip="Bring everything up to date")
        self.on_click(lambda _: binding.run())
        binding.on_withheld(self._stand_out)

    def _stand_out(self, is_withheld: bool) -> None:
        self.button_style = "primary" if is_withheld else ""
