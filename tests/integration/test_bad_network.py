"""Histories of two nodes and a network that does its worst; afterwards all that is promised must have held."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import beamlike as bl
from beamlike.distribution import cluster, transport
from beamlike.distribution.doorway import LANE, LINK
from beamlike.distribution.shared_memory import WORTH_SHARING
from beamlike.distribution.tls_option import TlsOption
from tests.support.bad_network import DOORS, KINDS, WHATS, Fault, What
from tests.support.local_nodes import PATIENCE, eventually
from tests.support.soak import count
from tests.support.talking_nodes import NAMES, TICK_TIME, Town, town

SIZES = st.sampled_from([10, 10, 1000, 1000, 70_000, 200_000, WORTH_SHARING + 1])
SIDES = st.sampled_from([0, 1])
KIND = st.sampled_from([LINK, LINK, LINK, LANE])
PLACES = st.integers(0, 60) | st.integers(0, 2000) | st.integers(0, 100_000)
BOTH_KINDS = st.sampled_from([(LINK,), (LANE,), KINDS])

speech = st.one_of(
    st.tuples(st.just("send"), SIDES, st.integers(1, 20), SIZES, st.booleans()),
    st.tuples(st.sampled_from(["monitor", "link", "call"]), SIDES),
)
manners = st.one_of(
    st.tuples(st.sampled_from(["connect", "disconnect"]), SIDES),
    st.just(("connect both",)),
)
strokes = st.tuples(st.just("strike"), st.sampled_from(WHATS), PLACES, KIND, SIDES)
weather = st.one_of(
    st.tuples(st.just("hold"), BOTH_KINDS, SIDES),
    st.just(("release",)),
    st.tuples(st.just("door"), st.sampled_from(DOORS), SIDES),
    st.tuples(st.just("delay"), st.integers(0, 5)),
    st.tuples(st.just("grain"), st.sampled_from([7, 100, 5000, 1 << 16])),
)
moments = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([TICK_TIME / 4, TICK_TIME / 4, 1.2 * TICK_TIME])),
)
steps = st.one_of(speech, speech, strokes, strokes, strokes, weather, moments, manners)
histories = st.lists(st.tuples(steps, st.sampled_from([0, 0.0001, 0.002, 0.01])), min_size=8, max_size=40)
"""What happens, and how many seconds go by before the next step."""


async def play(place: Town, step: tuple[Any, ...]) -> None:
    network, talkers = place.network, place.talkers
    match step:
        case ("send", side, number, size, by_name):
            talkers[side].send(number, size, by_name)
        case ("monitor", side):
            talkers[side].monitor(talkers[1 - side])
        case ("link", side):
            talkers[side].link(talkers[1 - side])
        case ("call", side):
            talkers[side].call(talkers[1 - side])
        case ("connect", side):
            talkers[side].connect()
        case ("connect both",):
            for talker in talkers:
                talker.connect()
        case ("disconnect", side):
            await talkers[side].node.disconnect(talkers[side].peer)
        case ("strike", what, after, kind, side):
            network.strike(Fault(what, after), kind, NAMES[side])
            talkers[1 - side].send(3, 1000, by_name=False)
        case ("hold", kinds, side):
            network.held |= {(kind, NAMES[side]) for kind in kinds}
        case ("release",):
            network.release()
        case ("door", door, side):
            network.doors[NAMES[side]] = door
        case ("delay", turns):
            network.delay = turns
        case ("grain", size):
            network.grain = size
        case ("wait", seconds):
            await asyncio.sleep(seconds)


async def live_through(path: Path, connected: bool, history: list[tuple[Any, float]], tls: TlsOption = None) -> None:
    async with town(path, tls) as place:
        if connected:
            await connect_at_last(place.talkers[0].node)
        for step, seconds in history:
            await play(place, step)
            await asyncio.sleep(seconds)
        await place.end_well()


async def connect_at_last(node: bl.Node) -> None:
    """A busy machine may be too slow for nodes that are so impatient."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await node.connect(NAMES[1])
            except bl.NotConnected:
                continue


A_SIZE_TOO_LARGE = [
    *[(("monitor", 0), 0)] * 2,
    (("strike", "flip", 1, LINK, 0), 0),
    (("delay", 0), 0),
    *[(("monitor", 0), 0)] * 4,
]
"""The first size that comes is a mebibyte more than was sent, so that all which follows could be taken for content."""


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[Path]:
    """Nodes that give up in tenths of seconds, and a directory for each."""
    for name in NAMES:
        (tmp_path / name[0]).mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "HANDSHAKE_DEADLINE", 0.2)
        patch.setattr(transport, "HANDSHAKE_DEADLINE", 0.2)
        patch.setattr(transport, "CLOSE_DEADLINE", 0.05)
        yield tmp_path


@pytest.mark.soak
@pytest.mark.timeout(count(300, 3600))
@settings(max_examples=count(40, 700), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([True, True, False]), histories)
@example(True, A_SIZE_TOO_LARGE)
def test_whatever_the_network_does_all_that_is_promised_holds(
    impatient: Path, connected: bool, history: list[tuple[Any, float]]
) -> None:
    asyncio.run(live_through(impatient, connected, history))


@pytest.mark.soak
@pytest.mark.timeout(count(300, 3600))
@settings(max_examples=count(12, 300), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories)
def test_inside_tls_too(impatient: Path, history: list[tuple[Any, float]]) -> None:
    asyncio.run(live_through(impatient, True, history, tls="always"))


# What each of the faults comes to.


@contextmanager
def patience() -> Iterator[None]:
    """A busy machine takes longer to connect."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "HANDSHAKE_DEADLINE", PATIENCE)
        patch.setattr(transport, "HANDSHAKE_DEADLINE", PATIENCE)
        yield


def among_talkers(test: Callable[[Town], Awaitable[None]]) -> Callable[[Path], None]:
    """Runs the test with two nodes that are connected, and have nothing on their way; it ends as all histories do."""

    def run(impatient: Path) -> None:
        async def main() -> None:
            async with town(impatient) as place:
                a, b = place.talkers
                with patience():
                    a.send(1, 10, by_name=False)
                    await eventually(lambda: b.heard == ["up", 1] and a.heard == ["up"])
                await test(place)
                await place.end_well()

        asyncio.run(main())

    run.__name__, run.__doc__, run.__module__ = test.__name__, test.__doc__, test.__module__
    return run


@pytest.mark.parametrize("what", ["cut", "reset", "flip", "half"])
@pytest.mark.parametrize("after", [0, 1, 2, 5, 300, 100_000, 199_000])
def test_a_message_that_is_cut_or_changed_on_the_way_ends_the_connection_and_nothing_of_it_arrives(
    impatient: Path, what: What, after: int
) -> None:
    @among_talkers
    async def test(place: Town) -> None:
        a, b = place.talkers
        place.network.strike(Fault(what, after), LINK, b.node.name)
        a.send(1, 200_000, by_name=False)
        a.send(5, 10, by_name=False)
        await eventually(lambda: b.heard[:3] == ["up", 1, "down"])

    test(impatient)


@among_talkers
async def test_monitors_links_and_calls_end_at_once_with_a_connection_that_is_reset(place: Town) -> None:
    a, b = place.talkers
    place.network.held.add((LINK, b.node.name))
    a.monitor(b)
    a.link(b)
    a.call(b)
    await eventually(lambda: len(a.watched) == 2)
    assert not a.fired
    place.network.strike(Fault("reset", 0), LINK, b.node.name)
    place.network.release()
    await eventually(lambda: len(a.fired) == 2 and not a.open_calls)


@among_talkers
async def test_a_node_that_alone_has_lost_the_connection_may_come_again_and_both_hear_of_a_new_one(place: Town) -> None:
    a, b = place.talkers
    b.monitor(a)
    await eventually(lambda: len(b.watched) == 1)
    place.network.strike(Fault("half", 0), LINK, a.node.name)
    b.send(1, 10, by_name=False)
    await eventually(lambda: a.heard[-1] == "down")
    with patience():
        a.send(1, 10, by_name=False)
        await eventually(lambda: b.heard == ["up", 1, "down", "up", 2] and len(b.fired) == 1)


@among_talkers
async def test_a_peer_that_vanishes_is_down_on_both_sides_after_four_ticks(place: Town) -> None:
    a, b = place.talkers
    for kind in KINDS:
        for talker in place.talkers:
            place.network.strike(Fault("vanish", 0), kind, talker.node.name)
    a.monitor(b)
    await eventually(lambda: len(a.fired) == 1)
    await eventually(lambda: "down" in a.heard and "down" in b.heard)


@among_talkers
async def test_a_link_that_stands_still_is_down_though_the_heartbeat_comes(place: Town) -> None:
    a, b = place.talkers
    place.network.held |= {(LINK, name) for name in NAMES}
    a.send(10, 1000, by_name=False)
    await eventually(lambda: "down" in a.heard and "down" in b.heard)
    assert b.heard[:3] == ["up", 1, "down"]


@pytest.mark.parametrize("after", [0, 1, 5, 300])
def test_a_heartbeat_that_is_damaged_on_the_way_is_made_anew(impatient: Path, after: int) -> None:
    @among_talkers
    async def test(place: Town) -> None:
        a, b = place.talkers
        answers: list[object] = []

        async def ask() -> None:
            answers.append(await bl.who_is_blocking(b.node.name))

        a.spawn(ask)
        await eventually(lambda: answers == [None])
        place.network.strike(Fault("flip", after), LANE, a.node.name)
        await eventually(lambda: place.network.happened == ["flip"])
        a.spawn(ask)
        await eventually(lambda: answers == [None, None])
        assert (a.heard, b.heard) == (["up"], ["up", 1])

    test(impatient)


@among_talkers
async def test_who_accepts_and_never_answers_is_given_up_in_time(place: Town) -> None:
    a, b = place.talkers
    place.network.doors[b.node.name] = "mute"
    await a.node.disconnect(b.node.name)
    a.monitor(b)
    a.call(b)
    a.connect()
    await eventually(lambda: len(a.fired) == 1 and not a.open_calls)


@among_talkers
async def test_connections_that_come_in_another_order_than_they_were_dialled_make_one_link(place: Town) -> None:
    a, b = place.talkers
    await a.node.disconnect(b.node.name)
    await eventually(lambda: b.heard[-1] == "down")
    for name in NAMES:
        place.network.doors[name] = "late"
    with patience():
        a.send(3, 1000, by_name=False)
        b.send(3, 1000, by_name=False)
        await eventually(lambda: place.network.waiting == 2)
        place.network.release()
        await eventually(
            lambda: a.heard == ["up", "down", "up", 1, 2, 3] and b.heard == ["up", 1, "down", "up", 2, 3, 4]
        )
