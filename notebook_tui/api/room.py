"""How many notebooks run at a time before programs have to wait: a loop in a program is not to take the machine from
the people on the same server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Final

import beamlike as bl
from notebook_tui.api.errors import ApiError
from notebook_tui.api.house import House
from notebook_tui.session.messages import SessionFacts, TellAbout

MOST_RUNNING: Final = 32
FACTS_SECONDS: Final = 3.0


@asynccontextmanager
async def room_to_run(house: House, session: bl.Pid) -> AsyncIterator[None]:
    """Cells of that session are begun in the block, which counts as running for whoever comes later. `ApiError` if so
    many other notebooks run, or have cells that wait to."""
    # Nobody waits for another, for one of the sessions may not answer.
    ahead = house.beginning.keys() - {session}
    house.beginning[session] += 1
    try:
        if await _so_many_run(house, session, ahead):
            raise ApiError(
                "busy",
                f"{MOST_RUNNING} other notebooks of this server run already, the most at which a program may begin "
                "another: wait for one of them, or interrupt one",
            )
        yield
    finally:
        house.beginning[session] -= 1
        if not house.beginning[session]:
            del house.beginning[session]


async def _so_many_run(house: House, session: bl.Pid, ahead: Collection[bl.Pid]) -> bool:
    """Other sessions than that one; those `ahead` are about to."""
    others = [each.session for each in await house.running() if each.session != session]
    if len(others) < MOST_RUNNING:
        return False
    asked = [each for each in others if each not in ahead]
    return len(others) - len(asked) + sum(await asyncio.gather(*map(_runs, asked))) >= MOST_RUNNING


async def _runs(session: bl.Pid) -> bool:
    """One that does not answer counts: it has much to do."""
    try:
        facts: SessionFacts = await bl.GenServer.call(session, TellAbout(), timeout=FACTS_SECONDS)
    except bl.CallTimeout:
        return True
    except bl.CallFailed:  # it has ended
        return False
    return bool(facts.evaluating or facts.queued)
