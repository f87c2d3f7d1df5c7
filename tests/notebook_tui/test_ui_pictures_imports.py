"""A program that shows neither pictures nor plots loads nothing that draws them."""

from __future__ import annotations

import subprocess
import sys


def test_what_draws_is_loaded_with_the_first_thing_to_draw() -> None:
    heavy = ("PIL", "resvg_py", "notebook_tui.ui.plots.chart", "notebook_tui.ui.math", "notebook_tui.ui.diagrams")
    code = f"import sys, notebook_tui.ui.app; print([name for name in {heavy} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=True)
    assert said.stdout.strip() == "[]"
