"""Where a viewer is: told to the session while somebody else hears of it."""

from __future__ import annotations

import beamlike as bl
from notebook_tui.session.people_seen import PeopleSeen
from notebook_tui.session.presence import Here, PeopleHere, Present, SawPeople, Whereabouts
from tests.support.in_loop import in_loop
from tests.support.local_nodes import eventually

ME = bl.Pid("test@127.0.0.1", 1)
OWN, ANN = Present(0, "me", "admin"), Present(1, "ann", "run")
PLACES = [Whereabouts("a", n, n) for n in range(9)]


class Told:
    def __init__(self) -> None:
        self.places: list[Whereabouts] = []
        self.seen = PeopleSeen(ME, self._cast, lambda: False)

    def _cast(self, message: Here | SawPeople) -> None:
        if isinstance(message, Here):
            self.places.append(message.where)

    async def rested(self) -> None:
        await eventually(lambda: not self.seen._rests)


@in_loop
async def test_who_is_alone_says_where_they_are_when_somebody_comes() -> None:
    told = Told()
    told.seen.here(PLACES[0])
    assert told.places == [PLACES[0]], "the session tells only those who said where they are"
    told.seen.told(PeopleHere((OWN,), 0))
    await told.rested()
    for place in PLACES[1:4]:
        told.seen.here(place)
    assert told.places == [PLACES[0]]
    told.seen.told(PeopleHere((OWN, ANN), 0))
    assert told.places == [PLACES[0], PLACES[3]]
    await told.rested()
    told.seen.here(PLACES[4])
    assert told.places[-1] == PLACES[4]


@in_loop
async def test_a_session_that_is_back_is_told_by_who_was_alone_too() -> None:
    told = Told()
    told.seen.here(PLACES[0])
    told.seen.told(PeopleHere((OWN,), 0))
    await told.rested()
    told.seen.here(PLACES[1])
    told.seen.rejoined()
    assert told.places == [PLACES[0], PLACES[1]]
