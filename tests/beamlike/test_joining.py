"""The process that joins: what it does when, on a clock that jumps, with a strategy and peers that the test moves.

One file, since all its tests share the neighbourhood that they move.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import repeat
from typing import Any

import pytest

import beamlike as bl
from beamlike.distribution.addresses import Address
from beamlike.distribution.finding.joining import DIALS_AT_ONCE, LOOK_SECONDS, Joining
from beamlike.distribution.finding.strategy import CannotFind
from beamlike.distribution.refusal import HandshakeRefused, Status
from beamlike.kernel.errors import NotConnected
from tests.support.captured_log import captured_log
from tests.support.jumping_loop import in_jumping_node, jumping_loop
from tests.support.local_nodes import settled

B = bl.finding.Found("b@10.0.0.7:4370")
EVERY = 8.0


@pytest.fixture(autouse=True)
def everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "beamlike.distribution")


class Neighbourhood:
    """A node's view of others: `reachable` are connected when dialled, others fail with what stands in `errors`."""

    name = "a@10.0.0.6"
    address: Address | None = ("10.0.0.6", 4370)

    def __init__(self) -> None:
        self.found: list[bl.finding.Found] | Exception = []
        self.errors: dict[str, Exception] = {}
        self.up: set[str] = set()
        self.dialled: list[tuple[float, str]] = []
        self.dialling = 0
        self.most_at_once = 0

    def __repr__(self) -> str:
        return "Neighbourhood()"

    async def find(self) -> list[bl.finding.Found]:
        if isinstance(self.found, Exception):
            raise self.found
        return self.found

    def peers(self, *, hidden: bool = False) -> list[str]:
        assert hidden, "a hidden node that is connected is connected"
        return sorted(self.up)

    async def connect(self, name: str, address: Address | None) -> None:
        self.dialled.append((asyncio.get_running_loop().time() - 1000.0, name))
        self.dialling += 1
        self.most_at_once = max(self.most_at_once, self.dialling)
        await asyncio.sleep(0)
        self.dialling -= 1
        if name in self.errors:
            raise self.errors[name]
        self.up.add(name)

    def when(self, name: str) -> list[float]:
        return [at for at, whom in self.dialled if whom == name]


@asynccontextmanager
async def joining(place: Neighbourhood, strategy: bl.finding.Strategy | None = None) -> AsyncIterator[Joining]:
    """With no luck in it: pauses are neither shortened nor lengthened."""
    it = Joining(place, place.connect, strategy or place, EVERY, chance=lambda: 0.5)
    pid = bl.spawn(it.run)
    await it.first_look()
    yield it
    bl.exit(pid, "shutdown")


def shown(it: Joining) -> list[tuple[str, str]]:
    return [(candidate.name, candidate.standing) for candidate in it.info(bl.self()).candidates]


@in_jumping_node
async def test_a_node_is_connected_after_the_first_look() -> None:
    place = Neighbourhood()
    place.found = [B]
    async with joining(place) as it:
        assert place.dialled == [(0.0, B.name)]
        assert shown(it) == [(B.name, "connected")]


@in_jumping_node
async def test_a_node_that_appears_or_is_lost_is_dialled_at_the_next_look() -> None:
    place = Neighbourhood()
    async with joining(place):
        place.found = [B]
        await asyncio.sleep(EVERY + 1)
        place.up.clear()
        await asyncio.sleep(5 * EVERY)
        assert place.when(B.name) == [EVERY, 2 * EVERY]


@in_jumping_node
async def test_a_node_that_is_lost_is_shown_as_lost_before_the_next_look() -> None:
    place = Neighbourhood()
    place.found = [B]
    async with joining(place) as it:
        place.up.clear()
        assert shown(it) == [(B.name, "lost")]


@in_jumping_node
async def test_it_dials_neither_itself_nor_its_own_address() -> None:
    place = Neighbourhood()
    place.found = [bl.finding.Found(place.name), bl.finding.Found("other@10.0.0.6:4370"), B]
    async with joining(place) as it:
        assert place.dialled == [(0.0, B.name)]
        assert shown(it) == [(B.name, "connected")]


@in_jumping_node
async def test_one_that_cannot_be_reached_is_dialled_less_and_less_often_and_named_in_the_log_once() -> None:
    place = Neighbourhood()
    place.found, place.errors = [B], {B.name: NotConnected("b@10.0.0.7: nobody")}
    with captured_log("beamlike.distribution") as records:
        async with joining(place) as it:
            await asyncio.sleep(300)
            assert place.when(B.name) == [0, 8, 24, 56, 120, 184, 248]  # looks are 8 s apart, pauses a minute at most
            [candidate] = it.info(bl.self()).candidates
            assert (candidate.standing, candidate.why, candidate.failures) == ("unreachable", "b@10.0.0.7: nobody", 7)
    assert [(record.levelno, record.getMessage()) for record in records] == [
        (logging.WARNING, "a@10.0.0.6, joining by Neighbourhood(): b@10.0.0.7: nobody")
    ]


@in_jumping_node
async def test_one_that_refuses_for_another_secret_is_not_hammered() -> None:
    place = Neighbourhood()
    place.found, place.errors = [B], {B.name: HandshakeRefused("other secrets", Status.WRONG_SECRET)}
    with captured_log("beamlike.distribution") as records:
        async with joining(place) as it:
            await asyncio.sleep(3600)
            assert len(place.dialled) <= 8
            assert place.when(B.name)[:3] == [0, 64, 184]
            assert shown(it) == [(B.name, "refused")]
            del place.errors[B.name]
            await asyncio.sleep(1000)
            assert shown(it) == [(B.name, "connected")]
    assert [record.getMessage().rpartition(": ")[2] for record in records] == ["other secrets"]


@in_jumping_node
async def test_one_that_refuses_for_what_passes_by_itself_is_tried_again_soon() -> None:
    place = Neighbourhood()
    place.found, place.errors = [B], {B.name: HandshakeRefused("that name is connected", Status.DUPLICATE_NAME)}
    async with joining(place):
        await asyncio.sleep(EVERY + 1)
        assert place.when(B.name) == [0, EVERY]


@in_jumping_node
async def test_while_the_strategy_cannot_tell_those_that_were_found_are_dialled_on() -> None:
    place = Neighbourhood()
    place.found = [B]
    with captured_log("beamlike.distribution") as records:
        async with joining(place) as it:
            place.found = CannotFind("no such host")
            place.up.clear()
            await asyncio.sleep(100)
            assert it.info(bl.self()).trouble == "no such host"
            assert shown(it) == [(B.name, "connected")]
            place.found = [B]
            await asyncio.sleep(100)
            assert it.info(bl.self()).trouble is None
    assert [record.getMessage().partition("(): ")[2] for record in records] == [
        "cannot tell which nodes there are: no such host",
        "can tell again which nodes there are",
    ]


@in_jumping_node
async def test_a_strategy_that_fails_is_asked_less_and_less_often() -> None:
    place, asked = Neighbourhood(), []

    class Fails:
        async def find(self) -> list[bl.finding.Found]:
            asked.append(asyncio.get_running_loop().time() - 1000.0)
            raise OSError("no route")

    async with joining(place, Fails()):
        await asyncio.sleep(250)
        assert asked == [0, 8, 24, 56, 116, 176, 236]


@in_jumping_node
async def test_a_strategy_with_a_bug_is_told_with_its_traceback_once_and_harms_nobody() -> None:
    place = Neighbourhood()
    place.found = KeyError("items")
    with captured_log("beamlike.distribution") as records:
        async with joining(place) as it:
            await asyncio.sleep(300)
            assert it.info(bl.self()).trouble == "KeyError: 'items'"
    assert [record.exc_info is not None for record in records] == [True, False]


@pytest.mark.parametrize("answer", [None, ["b@10.0.0.7"], [None]])
def test_a_strategy_that_finds_what_is_no_node_is_one_with_a_bug(answer: Any) -> None:
    class Strange:
        async def find(self) -> Any:
            return answer

    @in_jumping_node
    async def test() -> None:
        async with joining(Neighbourhood(), Strange()) as it:
            assert (it.info(bl.self()).trouble or "").startswith(("TypeError: ", "AttributeError: "))

    test()


@in_jumping_node
async def test_a_strategy_that_never_answers_is_given_up_after_a_while() -> None:
    class Hangs:
        async def find(self) -> list[bl.finding.Found]:
            await asyncio.Event().wait()
            return []

    async with joining(Neighbourhood(), Hangs()) as it:
        assert jumping_loop().time() == 1000.0 + LOOK_SECONDS
        assert it.info(bl.self()).trouble == f"no answer within {LOOK_SECONDS:g} s"


@in_jumping_node
async def test_finding_nobody_is_told_once() -> None:
    place = Neighbourhood()
    with captured_log("beamlike.distribution") as records:
        async with joining(place):
            await asyncio.sleep(100)
            place.found = [B]
            await asyncio.sleep(100)
            place.found, place.up = [], set()
            await asyncio.sleep(100)
    assert [record.getMessage().partition("(): ")[2] for record in records] == [
        "finds no other node",
        "finds no other node",
        "no longer finds b@10.0.0.7",
    ]


@in_jumping_node
async def test_of_many_only_some_are_dialled_at_once() -> None:
    place = Neighbourhood()
    place.found = [bl.finding.Found(f"b{number}@10.0.0.7:{number + 1}") for number in range(5 * DIALS_AT_ONCE)]
    async with joining(place) as it:
        assert {standing for _, standing in shown(it)} == {"connected"}
        assert place.most_at_once == DIALS_AT_ONCE


@in_jumping_node
async def test_who_waits_for_the_first_look_does_not_wait_for_ever_when_the_process_is_ended() -> None:
    class Hangs:
        async def find(self) -> list[bl.finding.Found]:
            await asyncio.Event().wait()
            return []

    place = Neighbourhood()
    it = Joining(place, place.connect, Hangs(), EVERY)
    pid = bl.spawn(it.run)
    waits = asyncio.ensure_future(it.first_look())
    await settled()
    bl.exit(pid, "kill")
    await waits
    assert jumping_loop().time() == 1000.0


@in_jumping_node
async def test_two_nodes_that_begin_together_do_not_go_on_together() -> None:
    lucky, unlucky = Neighbourhood(), Neighbourhood()
    for place, chance in ((lucky, 0.0), (unlucky, 1.0)):
        place.found, place.errors = [B], {B.name: NotConnected("no")}
        bl.spawn(Joining(place, place.connect, place, EVERY, chance=repeat(chance).__next__).run)
    await asyncio.sleep(60)
    assert lucky.when(B.name)[:3] == [0, 6, 18]
    assert unlucky.when(B.name)[:3] == [0, 10, 30]


@pytest.mark.parametrize("every", [0, -1.0, float("nan"), float("inf"), "5"])
def test_a_time_between_looks_that_is_none_is_refused(every: float) -> None:
    place = Neighbourhood()
    with pytest.raises(ValueError, match="expected a number of seconds above 0 between looks, got"):
        Joining(place, place.connect, place, every)
