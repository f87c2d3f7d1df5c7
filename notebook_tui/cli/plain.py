"""`beamlike notebook --plain`: the notebook as lines that come and go, for screen readers and the poorest terminals.

The same session as behind the screen; what happens is said when it happens.
"""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import suppress

from notebook_tui.cli.plain_commands import Commands
from notebook_tui.cli.plain_lines import Lines
from notebook_tui.cli.plain_report import PlainReport
from notebook_tui.session.client import Client

PROMPT = "> "


async def plain_notebook(client: Client) -> None:
    """Until somebody quits, or there is no more input."""
    lines = Lines()
    commands = Commands(client, PlainReport(client), lines, time.time)
    with suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, commands.interrupt)
    await commands.obey("list")
    commands.greet()
    while not commands.over:
        line = await lines.read(PROMPT)
        if line is None:
            await commands.leave()
        else:
            await commands.obey(line)
