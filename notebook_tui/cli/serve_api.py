"""What `beamlike serve` does for programs: it listens at a socket for those of its user (docs/api.md)."""

from __future__ import annotations

import argparse
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import beamlike as bl
from notebook_tui.api.same_user import SAME_USER
from notebook_tui.session.people import ROLES

if TYPE_CHECKING:
    from notebook_tui.serve.server import Listener

logger = logging.getLogger("notebook_tui.serve")


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--api-role",
        choices=(*ROLES, "none"),
        default=SAME_USER,
        help="what programs of yours may do by the server's socket that show no token (docs/api.md); none: nothing",
    )


def words_of(options: argparse.Namespace) -> list[str]:
    """The same again, for the unit."""
    return ["--api-role", options.api_role] if options.api_role != SAME_USER else []


def api_listener(directory: str, options: argparse.Namespace) -> Listener:
    """Where the socket cannot be, the log says so, and people are served all the same."""
    from notebook_tui.api.house import Served
    from notebook_tui.api.server import NoSocket, api_server, socket_path

    same_user = None if options.api_role == "none" else options.api_role

    @asynccontextmanager
    async def listener(sessions: bl.Server) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            try:
                path = socket_path(Path(directory))
                await stack.enter_async_context(
                    api_server(Served(sessions, Path(directory)), path, same_user=same_user)
                )
                logger.info("programs reach it at %s", path)
            except NoSocket as error:
                logger.warning("programs cannot reach this server: %s", error)
            yield

    return listener
