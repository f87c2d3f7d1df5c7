"""How many notebooks run at a time before programs have to wait: a loop in a program is not to take the machine from
the people on the same server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
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
    """While the block runs, in which cells of that session are begun, no other program begins any. `ApiError` if so
    many other notebooks run, or have cells that wait to."""
    async with house.beginning:
        others = [each.session for each in await house.running() if each.session != session]
        if sum(await asyncio.gather(*map(_runs, others))) >= MOST_RUNNING:
            raise ApiError(
                "busy",
                f"{MOST_RUNNING} other notebooks of this server run already, the most at which a program may begin "
                "another: wait for one of them, or interrupt one",
            )
        yield


async def _runs(session: bl.Pid) -> bool:
    """One that does not answer counts: it has much to do."""
    try:
        facts: SessionFacts = await bl.GenServer.call(session, TellAbout(), timeout=FACTS_SECONDS)
    except bl.CallTimeout:
        return True
    except bl.CallFailed:  # it has ended
        return False
    return bool(facts.evaluating or facts.queued)
