"""The pools of a node that runs, for `beamlike flame ps NODE`: runners, slots and lines, as the node says itself."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable

import beamlike as bl
from flame.here import stats_of, tables_of
from notebook_tui.cli.main import UserError


def show(node: str, width: int, *, as_json: bool, every: float | None, repaint: Callable[[str], str]) -> None:
    """Prints the pools of `node`, once, or anew every so many seconds as `repaint` says. UserError if it cannot be
    asked."""
    try:
        asyncio.run(_show(node, width, as_json, every, repaint))
    except BrokenPipeError:  # whoever read it has left
        raise
    except (bl.BeamlikeError, ValueError, OSError) as error:
        raise UserError(f"{node} could not be asked for its pools: {error}") from error


async def _show(node: str, width: int, as_json: bool, every: float | None, repaint: Callable[[str], str]) -> None:
    host = node.rpartition("@")[2]
    async with bl.Node(f"ps-{secrets.token_hex(3)}@{host}", listen=False, hidden=True):
        while True:
            if as_json:
                print(json.dumps([stats.as_dict() for stats in await stats_of(node)], indent=2))
            else:
                print(repaint(await tables_of(node, width)), flush=True)
            if every is None:
                return
            await asyncio.sleep(every)
