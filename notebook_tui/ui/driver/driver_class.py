"""Which driver a terminal gets."""

from __future__ import annotations

import os
import sys

from textual.driver import Driver


def terminal_driver() -> type[Driver] | None:
    """Ours where there is one; None leaves the choice to Textual."""
    if sys.platform == "win32" or "TEXTUAL_DRIVER" in os.environ:
        return None
    from notebook_tui.ui.driver.terminal_driver import TerminalDriver

    return TerminalDriver
