"""`beamlike run --watch`: the notebook is run again, from the beginning, whenever it or a module of its own changes.

run ──► done: waits for a change ──► runs again
 └──── a change meanwhile: the run is given up ──┘
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from notebook_tui.cli.main import INTERRUPTED, USAGE_ERROR, UserError
from notebook_tui.cli.run_contents import Contents
from notebook_tui.cli.run_notebook import RunOptions, run
from notebook_tui.cli.run_report import Reporter
from notebook_tui.session.profiles import ProfileError
from notebook_tui.session.storage import UnreadableFile

DEBOUNCE_MILLISECONDS = 200
"""What changes together is one change."""
LOOK_MILLISECONDS = 1_000
"""So often it is looked at where the system tells nothing."""


async def watch(options: RunOptions, reporter: Callable[[], Reporter]) -> int:
    """Until it is cancelled; then the exit status of the last run that came to its end. What is wrong with the call or
    the file is raised in the first run, and told in later ones, for it may be mended."""
    status: int | None = None
    is_first = True
    try:
        while True:
            told = reporter()
            async with _changes(Path(options.path)) as change:
                running = asyncio.create_task(_run(options, told, raises=is_first))
                ended = await _ended_before(change, running)
                if ended is None:
                    told.said(f"{await change}: the run is given up, and begins again")
                else:
                    status = ended
                    told.said(f"waits for changes of {options.path}, and runs again; Ctrl-C ends that")
                    told.said(f"{await change}: runs again")
            is_first = False
    except asyncio.CancelledError:
        return INTERRUPTED if status is None else status


async def _ended_before(change: asyncio.Task[str], running: asyncio.Task[int]) -> int | None:
    """The run's exit status; None if something changed before, and the run was given up."""
    try:
        await asyncio.wait({running, change}, return_when=asyncio.FIRST_COMPLETED)
        return running.result() if running.done() else None
    finally:
        if not running.done():
            running.cancel()
            await asyncio.wait({running})
            if not running.cancelled():
                running.result()  # what went wrong as it ended is not to be lost


async def _run(options: RunOptions, reporter: Reporter, *, raises: bool) -> int:
    try:
        return await run(options, reporter)
    except (UnreadableFile, ProfileError, UserError) as error:
        if raises:
            raise
        reporter.said(str(error))
        return USAGE_ERROR


@asynccontextmanager
async def _changes(path: Path) -> AsyncIterator[asyncio.Task[str]]:
    """A task that ends with what has changed, in words, since this began."""
    task = asyncio.create_task(_change(path, Contents.of(path)))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


async def _change(path: Path, before: Contents) -> str:
    from watchfiles import Change, awatch

    def ours(_change: Change, name: str) -> bool:
        return Path(name).name in names

    names = before.names()
    # Each time it looks for itself: also now and then, for what changed before the system began to tell.
    news = awatch(
        *before.directories(),
        recursive=False,
        watch_filter=ours,
        debounce=DEBOUNCE_MILLISECONDS,
        rust_timeout=LOOK_MILLISECONDS,
        yield_on_timeout=True,
    )
    async with aclosing(news):
        async for _ in news:
            after = before.now()
            changed = after.other_than(before)
            if changed and after.has(path):
                return f"{', '.join(changed)} changed"
    raise RuntimeError(f"{path} is not watched any more")
