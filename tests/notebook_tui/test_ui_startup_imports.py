"""Until the first cells are seen, the program has loaded nothing that only a key, a picture or a question needs."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

LATER = (
    *("PIL", "resvg_py", "importlib.metadata", "tomllib", "tomlkit", "watchfiles", "anyio", "unittest", "doctest"),
    *("notebook_tui.runtime.server", "notebook_tui.format.ipynb", "notebook_tui.format.html_write"),
    *(f"notebook_tui.ui.{room}" for room in ("choosing", "diagrams", "home", "math", "plots.chart", "crash.report")),
    *(f"notebook_tui.ui.dialogs.{name}_screen" for name in ("help", "message", "path", "pick", "prompt", "settings")),
    *(f"notebook_tui.ui.dialogs.{name}" for name in ("cell_settings", "source_screen", "trust_screen")),
    *("notebook_tui.ui.editing.keymaps.vim", "notebook_tui.ui.editing.keymaps.emacs"),
    *("notebook_tui.ui.finding.palette_screen", "notebook_tui.ui.finding.sources"),
    *(f"notebook_tui.ui.outputs.{name}_screen" for name in ("output", "picture", "table")),
    *("notebook_tui.ui.panels.outline", "notebook_tui.ui.panels.variables", "notebook_tui.ui.panels.list_panel"),
    *(f"notebook_tui.ui.pictures.{name}" for name in ("draw", "kitty", "sixel", "iterm2", "blocks")),
)

PROGRAM = f"""
import asyncio, sys
from pathlib import Path
from notebook_tui.cli import main, notebook, program_house
from notebook_tui.session import watch
from notebook_tui.ui.settings.preferences import preferences_of_user
from notebook_tui.ui.visit import begin

watch.LATER_SECONDS = 600.0

async def look():
    from notebook_tui.ui.app import NotebookApp

    house = program_house.ProgramHouse(None, Path.cwd())
    app = NotebookApp(await begin(house.open("shown.livemd")), house=house, preferences=preferences_of_user())
    async with app.run_test() as pilot:
        await pilot.pause()
        print(app.title, [name for name in {LATER} if name in sys.modules], file=sys.__stdout__)
    await app.leave()

asyncio.run(look())
"""


def test_what_is_needed_later_is_loaded_later(tmp_path: Path) -> None:
    (tmp_path / "shown.livemd").write_text("# Shown\n\n## Part\n\nSome *prose*.\n\n```python\nx = 1\n```\n")
    environment = os.environ | {
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "BEAMLIKE_STATE": str(tmp_path / "state"),
        "BEAMLIKE_TRUSTED": str(tmp_path),
    }
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, cwd=tmp_path, env=environment
    )
    assert (said.stdout, said.stderr) == ("beamlike []\n", "")


def test_all_of_it_is_there() -> None:
    assert [name for name in LATER if find_spec(name) is None] == []
