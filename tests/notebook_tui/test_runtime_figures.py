"""Figures of pyplot in cells."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

# In an interpreter of its own, since it changes how pyplot is imported. Prints what was displayed at which point.
PROGRAM = """
import json, sys
from notebook_tui.runtime import figures
shown = []
figures.display = lambda figure: shown.append(figure.get_label())
figures.show_figures_here()
figures.show_figures_here()
import matplotlib.pyplot as plt
plt.figure(label="a"); plt.figure(label="b")
plt.show()
shown.append("after show")
mine = plt.figure(label="mine"); plt.figure(label="open")
figures.show_open_figures(apart_from=mine)
figures.show_open_figures()
print(json.dumps([shown, plt.get_fignums(), plt.get_backend().lower()]))
"""


def test_show_displays_the_open_figures_and_the_end_of_a_cell_the_rest() -> None:
    pytest.importorskip("matplotlib")
    done = subprocess.run([sys.executable, "-W", "error", "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [["a", "b", "after show", "open"], [], "agg"]
