"""How far a node has come with joining, and what of it is news. Pure."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from beamlike.distribution.finding.candidates import Candidate, Setback, failed, looked, observed, pause, spread
from beamlike.distribution.finding.found import Found
from beamlike.kernel.record import frozen


@frozen
class Progress:
    candidates: tuple[Candidate, ...] = ()
    trouble: str | None = None
    """Why the strategy cannot tell which nodes there are."""
    looks: int = 0
    looks_in_vain: int = 0
    """Without one that told it since."""

    def looked(self, found: Iterable[Found], connected: Collection[str]) -> Progress:
        return Progress(looked(self.candidates, found, connected), looks=self.looks + 1)

    def looked_in_vain(self, why: str, connected: Collection[str]) -> Progress:
        """Those that were found before are believed to be still there."""
        again = [Found(it.name, it.address) for it in self.candidates]
        return Progress(looked(self.candidates, again, connected), why, self.looks + 1, self.looks_in_vain + 1)

    def observed(self, connected: Collection[str]) -> Progress:
        return replace(self, candidates=observed(self.candidates, connected))

    def failed(self, name: str, setback: Setback, *, now: float, every: float, chance: float) -> Progress:
        return replace(self, candidates=failed(self.candidates, name, setback, now=now, every=every, chance=chance))

    def seconds_to_next_look(self, every: float, chance: float) -> float:
        if self.looks_in_vain:
            return pause(self.looks_in_vain, every, chance)
        return spread(every, chance)


def news(before: Progress, after: Progress) -> Iterator[tuple[int, str]]:
    """What to log, and at which level; of nodes that come and go the cluster says enough by itself.

    >>> list(news(Progress(), Progress(trouble="no such host", looks=1)))
    [(30, 'cannot tell which nodes there are: no such host')]
    """
    if after.trouble is not None and after.trouble != before.trouble:
        yield logging.WARNING, f"cannot tell which nodes there are: {after.trouble}"
    elif after.trouble is None and before.trouble is not None:
        yield logging.INFO, "can tell again which nodes there are"
    elif not after.candidates and after.looks and (before.candidates or not before.looks):
        yield logging.INFO, "finds no other node"
    known = {it.name: it for it in before.candidates}
    for it in after.candidates:
        yield from _news_of(known.get(it.name), it)
    for name in known.keys() - {it.name for it in after.candidates}:
        yield logging.INFO, f"no longer finds {name}"


def _news_of(before: Candidate | None, after: Candidate) -> Iterator[tuple[int, str]]:
    if after.standing in ("unreachable", "refused") and (before is None or before.standing != after.standing):
        yield logging.WARNING, after.why
