"""A process that keeps its node in the cluster: it looks who is there, dials whom it lacks, and looks again.

    look ──► dial those that are due, all at once ──► wait ──► look ...

What it is told of a node holds until the next look, so a node that was lost is dialled again within that time, however
it was lost, and a strategy needs no memory. It ends with the node.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, Protocol, TypeAlias

from beamlike.distribution.addresses import Address
from beamlike.distribution.finding.candidates import Candidate, Setback, due, observed
from beamlike.distribution.finding.found import Found
from beamlike.distribution.finding.progress import Progress, news
from beamlike.distribution.finding.strategy import CannotFind, Strategy
from beamlike.distribution.refusal import HandshakeRefused, Status
from beamlike.kernel.errors import BeamlikeError
from beamlike.kernel.inspection.process_info import set_label
from beamlike.kernel.record import frozen
from beamlike.kernel.terms import Pid

logger = logging.getLogger("beamlike.distribution")

EVERY: Final = 5.0
"""Seconds between looks."""

LOOK_SECONDS: Final = 10.0
"""What one look may take."""

DIALS_AT_ONCE: Final = 32

FOR_A_PERSON: Final = frozenset(
    {Status.WRONG_SECRET, Status.NOT_ALLOWED, Status.VERSION_MISMATCH, Status.INTERCEPTED, Status.TLS_REQUIRED}
)
"""Refusals that do not pass by themselves."""


class Member(Protocol):
    """What joining needs of its node."""

    @property
    def name(self) -> str: ...

    @property
    def address(self) -> Address | None: ...

    def peers(self, *, hidden: bool = False) -> list[str]: ...


Connect: TypeAlias = Callable[[str, Address | None], Awaitable[None]]
"""NotConnected says why that failed."""


@frozen
class JoinInfo:
    """A node's search for its cluster at one moment: who was found, and who is not connected and why."""

    pid: Pid
    """The process that searches; with its end the search is over."""
    strategy: str
    candidates: tuple[Candidate, ...]
    """The nodes that were found, by name, but this one."""
    trouble: str | None
    """Why the strategy cannot tell which nodes there are."""

    def __str__(self) -> str:
        """
        >>> print(JoinInfo(Pid("a@h", 1), "Static('b@h')", (Candidate("b@h", None, "unreachable", "nobody"),), None))
        Static('b@h')
          b@h  unreachable  nobody
        """
        head = self.strategy if self.trouble is None else f"{self.strategy}: {self.trouble}"
        return "\n".join([head, *(f"  {it.name}  {it.standing}  {it.why}".rstrip() for it in self.candidates)])


class Joining:
    def __init__(
        self,
        member: Member,
        connect: Connect,
        strategy: Strategy,
        every: float,
        chance: Callable[[], float] = random.random,
    ) -> None:
        if not isinstance(every, int | float) or not 0 < every < math.inf:
            raise ValueError(f"expected a number of seconds above 0 between looks, got {every!r}")
        self._member = member
        self._connect = connect
        self._strategy = strategy
        self._every = every
        self._chance = chance
        self._progress = Progress()
        self._looked = asyncio.Event()

    def info(self, pid: Pid) -> JoinInfo:
        """For any thread."""
        progress = self._progress
        return JoinInfo(pid, repr(self._strategy), observed(progress.candidates, self._connected()), progress.trouble)

    async def first_look(self) -> None:
        """Returns when all that were found at first are connected or cannot be, or the process has ended."""
        await self._looked.wait()

    async def run(self) -> None:
        """The process."""
        set_label(f"joining by {self._strategy!r}")
        try:
            while True:
                await self._look()
                await self._dial_all()
                self._looked.set()
                await asyncio.sleep(self._progress.seconds_to_next_look(self._every, self._chance()))
        finally:
            self._looked.set()

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                others = [found for found in await self._strategy.find() if self._is_another(found)]
        except (CannotFind, OSError) as error:  # of which TimeoutError is one
            self._looked_in_vain(str(error) or f"no answer within {LOOK_SECONDS:g} s")
        except Exception as error:  # whoever wrote the strategy
            why = f"{type(error).__name__}: {error}"
            if why != self._progress.trouble:
                logger.exception("%r failed in an unexpected way", self._strategy)
            self._looked_in_vain(why)
        else:
            self._has_come_to(self._progress.looked(others, self._connected()))

    def _looked_in_vain(self, why: str) -> None:
        self._has_come_to(self._progress.looked_in_vain(why, self._connected()))

    def _is_another(self, found: Found) -> bool:
        return found.name != self._member.name and (found.address is None or found.address != self._member.address)

    async def _dial_all(self) -> None:
        a_place = asyncio.Semaphore(DIALS_AT_ONCE)
        whom = due(self._progress.candidates, self._now())
        await asyncio.gather(*map(partial(self._dial, a_place), whom))

    async def _dial(self, a_place: asyncio.Semaphore, candidate: Candidate) -> None:
        async with a_place:
            try:
                await self._connect(candidate.name, candidate.address)
            except HandshakeRefused as error:
                self._failed(candidate, Setback("refused", str(error), lasting=error.status in FOR_A_PERSON))
            except (BeamlikeError, OSError, ValueError) as error:
                self._failed(candidate, Setback("unreachable", str(error)))
            else:
                self._has_come_to(self._progress.observed(self._connected()))

    def _failed(self, candidate: Candidate, setback: Setback) -> None:
        now, chance = self._now(), self._chance()
        after = self._progress.failed(candidate.name, setback, now=now, every=self._every, chance=chance)
        self._has_come_to(after)

    def _has_come_to(self, progress: Progress) -> None:
        before, self._progress = self._progress, progress
        for level, text in news(before, progress):
            logger.log(level, "%s, joining by %r: %s", self._member.name, self._strategy, text)

    def _connected(self) -> frozenset[str]:
        return frozenset(self._member.peers(hidden=True))

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
