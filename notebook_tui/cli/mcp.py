"""`beamlike mcp [DIR|FILE]`: notebooks for a coding agent, which starts this and speaks with it by its streams."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from notebook_tui.cli.main import UserError
from notebook_tui.session.people import ROLES, Role

ROLE: Role = "run"
END_SECONDS = 10.0
TERMINATED = 128 + signal.SIGTERM


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path",
        metavar="DIR|FILE",
        nargs="?",
        default=".",
        help="a directory, whose notebooks the agent may open, also below it; or one notebook",
    )
    parser.add_argument(
        "--role",
        choices=ROLES,
        default=ROLE,
        help=f"what the agent may do, each with all before it; {ROLE} if not given. Code that nobody has trusted runs "
        "for no role but admin, after its trust_notebook",
    )
    parser.epilog = (
        "It is started by the agent, not by hand (docs/mcp.md). Notebooks that beamlike serve holds are joined, so\n"
        "people see what the agent does as it does it.\n\n"
        "example: claude mcp add notebooks -- beamlike mcp ~/notebooks"
    )
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    try:
        import mcp  # noqa: F401
    except ImportError as error:
        raise UserError(
            f"expected the library mcp, which is not there ({error}): pip install 'beamlike[mcp]' brings it"
        ) from error
    path = Path(options.path).expanduser()
    if not path.is_dir() and path.suffix != ".livemd":
        raise UserError(f"expected a directory or a .livemd file, got {options.path}")
    if not path.is_dir() and not path.parent.is_dir():
        raise UserError(f"expected a file in a directory that is there, got {options.path}")
    asyncio.run(_serve(path, options.role))
    return 0


async def _serve(path: Path, role: Role) -> None:
    from notebook_tui.api.caller import Caller
    from notebook_tui.api.rights import Rights
    from notebook_tui.cli.main import _version
    from notebook_tui.mcp.agent import Agent
    from notebook_tui.mcp.own_house import OwnHouse
    from notebook_tui.mcp.server import serve
    from notebook_tui.session.program_node import program_node

    is_directory = await asyncio.to_thread(path.is_dir)
    directory, notebook = (path, None) if is_directory else (path.parent, path.name)
    async with program_node("agent") as node:
        house = OwnHouse(node, directory)
        rights = Rights(role, (notebook or "*",))
        caller = Caller(house, lambda _token: rights, origin=f"process {os.getpid()}, by beamlike mcp")
        agent = Agent(caller, notebook)
        ending: set[asyncio.Task[None]] = set()

        async def end() -> None:
            await agent.leave()
            await house.close()

        def terminated() -> None:
            if not ending:
                ending.add(asyncio.get_running_loop().create_task(_end_now(end())))

        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminated)
        try:
            await serve(agent, role, notebook=notebook, version=_version())
        finally:
            await end()


async def _end_now(end: Coroutine[Any, Any, None]) -> None:
    """Standard input is read in a thread that nothing but its end wakes up, so the program is left without it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(END_SECONDS):
            await end
    sys.stderr.flush()
    os._exit(TERMINATED)
