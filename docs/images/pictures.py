"""Makes the pictures of the guides from the real program: runs notebooks in it, and saves what the terminal shows.

python docs/images/pictures.py DIRECTORY [NAME ...]      (any SVG renderer makes the PNGs of it)
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from textual.pilot import Pilot

from notebook_tui.cli.program_house import ProgramHouse
from notebook_tui.ui.app import NotebookApp
from notebook_tui.ui.settings.preferences import Preferences
from notebook_tui.ui.settings.values import Settings
from notebook_tui.ui.visit import begin

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
SMALL, MIDDLE, LARGE = (80, 24), (120, 40), (200, 60)
WIDTH_OF_README = (104, 38)
DEADLINE = 120.0

Size: TypeAlias = tuple[int, int]
Act: TypeAlias = Callable[[NotebookApp, Pilot[None]], Awaitable[None]]


@dataclass(frozen=True)
class Picture:
    name: str
    size: Size
    act: Act
    file: str = "tour.livemd"
    """Empty: home."""
    theme: str = "night"


async def tour_runs(app: NotebookApp, pilot: Pilot[None]) -> None:
    """Two thirds through the tour: nodes are up, results are coming in."""
    await pilot.press("e", "a", *"j" * 13)
    client = app.client
    assert client is not None
    async with asyncio.timeout(DEADLINE):
        while len(client.state.runtime.nodes) < 4 or len(client.state.queue) > 4:
            await pilot.pause(0.02)
    await pilot.pause(0.3)


async def all_run(app: NotebookApp, pilot: Pilot[None]) -> None:
    await pilot.press("e", "a")
    client = app.client
    assert client is not None
    async with asyncio.timeout(DEADLINE):
        await pilot.pause(0.5)
        while client.state.queue or client.state.running:
            await pilot.pause(0.05)
    await pilot.pause(0.5)


def pressed(*keys: str, after: Act | None = None) -> Act:
    async def act(app: NotebookApp, pilot: Pilot[None]) -> None:
        if after is not None:
            await after(app, pilot)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.2)
        await pilot.pause(1.0)

    return act


PICTURES = (
    Picture("notebook", WIDTH_OF_README, tour_runs),
    Picture("notebook-80x24", SMALL, tour_runs),
    Picture("notebook-200x60", LARGE, pressed("s", "v", after=all_run)),
    Picture("notebook-day-120x40", MIDDLE, all_run, theme="day"),
    Picture("widgets-120x40", MIDDLE, pressed(*"jjjjjj", after=all_run), "widgets.livemd"),
    Picture("widgets-day-80x24", SMALL, pressed(*"jjjj", after=all_run), "widgets.livemd", "day"),
    Picture("editing-120x40", MIDDLE, pressed(*"jjjji", "enter", *"Path.", after=all_run)),
    Picture("variables-120x40", MIDDLE, pressed("s", "v", after=all_run)),
    Picture("runtime-day-120x40", MIDDLE, pressed("s", "r", after=all_run), theme="day"),
    Picture("plan-80x24", SMALL, pressed("G", "e", "e")),
    Picture("palette-80x24", SMALL, pressed("ctrl+p")),
    Picture("help-200x60", LARGE, pressed("question_mark")),
    Picture("home-80x24", SMALL, pressed(), ""),
    Picture("home-day-120x40", MIDDLE, pressed("j", "j"), "", "day"),
)


async def svg_of(picture: Picture, directory: Path) -> str:
    preferences = Preferences(Settings(theme=picture.theme))
    path = directory / picture.file if picture.file else None
    async with program(path, directory, preferences) as app, app.run_test(size=picture.size) as pilot:
        await pilot.pause(0.5)
        await picture.act(app, pilot)
        return app.export_screenshot(title=f"beamlike notebook {picture.file}".rstrip())


@asynccontextmanager
async def program(path: Path | None, directory: Path, preferences: Preferences) -> AsyncIterator[NotebookApp]:
    house = ProgramHouse(None, directory)
    app = NotebookApp(await begin(house.open(str(path))) if path else None, house=house, preferences=preferences)
    try:
        yield app
    finally:
        await app.leave()


def main(target: Path, names: list[str]) -> None:
    for picture in PICTURES:
        if names and picture.name not in names:
            continue
        with tempfile.TemporaryDirectory() as directory:
            os.environ |= {"BEAMLIKE_STATE": f"{directory}/state", "XDG_CONFIG_HOME": f"{directory}/config"}
            notebooks = shutil.copytree(NOTEBOOKS, Path(directory) / "notebooks")
            svg = asyncio.run(svg_of(picture, notebooks))
            (target / f"{picture.name}.svg").write_text(svg, encoding="utf-8")
            print(picture.name, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
