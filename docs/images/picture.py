"""Makes the README's picture from the real program: runs the tour in it, and saves what the terminal shows.

python docs/images/picture.py notebook.svg      (any SVG renderer makes the PNG of it)
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from notebook_tui.cli.open_session import open_session
from notebook_tui.ui.app import NotebookApp

SIZE = (104, 38)
TOUR = Path(__file__).parent.parent / "notebooks"


def picture(target: Path) -> None:
    with tempfile.TemporaryDirectory() as directory:
        tour = shutil.copytree(TOUR, Path(directory) / "notebooks") / "tour.livemd"
        target.write_text(asyncio.run(svg_of(tour)), encoding="utf-8")


async def svg_of(tour: Path) -> str:
    """Two thirds through the tour: nodes are up, results are coming in."""
    async with open_session(str(tour)) as client:
        app = NotebookApp(client)
        async with app.run_test(size=SIZE) as pilot:
            await pilot.press("e", "a", *"j" * 13)
            async with asyncio.timeout(60):
                while len(client.state.runtime.nodes) < 4 or len(client.state.queue) > 4:
                    await pilot.pause(0.02)
            await pilot.pause(0.3)
            return app.export_screenshot(title="beamlike notebook docs/notebooks/tour.livemd")


if __name__ == "__main__":
    picture(Path(sys.argv[1]))
