"""Nodes that connect, over real sockets.

One file, since all its tests share the nodes of a cluster and the ways to cut them off.
"""

import asyncio
import inspect
import socket
import sys
import threading
from collections.abc import Awaitable, Callable
from functools import wraps
from pathlib import Path
from typing import Any, Final

import pytest
import uvloop

from beamlike.distribution import cluster, transport
from beamlike.distribution.directory import Directory
from beamlike.distribution.doorway import LINK
from beamlike.distribution.errors import CannotListen, NodeNameTaken, UnencodableTerm
from beamlike.distribution.refusal import HandshakeRefused, Status
from beamlike.distribution.secret import Secret
from beamlike.kernel.errors import NotConnected
from beamlike.kernel.signals import Down, Monitor
from beamlike.kernel.terms import NodeDown, NodeUp, Pid, Ref
from tests.support.clusters import PATIENCE, Town, town
from tests.support.codecs import RememberingCodec, UntouchedCodec
from tests.support.gate import gate_before
from tests.support.local_nodes import eventually
from tests.support.proxy import proxy_to

A, B, C = "a@127.0.0.1", "b@127.0.0.1", "c@127.0.0.1"

LONG: Final = 8 << 20
"""Bytes of more than the buffers of a socket hold."""


def in_town(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Makes an async test, whose first argument is a town, an ordinary one."""

    @wraps(test)
    def run(tmp_path: Path, **fixtures: Any) -> None:
        async def main() -> None:
            async with town(tmp_path) as place:
                await test(place, **fixtures)

        asyncio.run(main())

    asks_for_town, *others = inspect.signature(test).parameters.values()
    shown = inspect.Signature([asks_for_town.replace(name="tmp_path"), *others])
    run.__signature__ = shown  # type: ignore[attr-defined]
    return run


# Connecting.


@in_town
async def test_two_nodes_of_a_host_find_each_other_by_name(place: Town) -> None:
    a, b = await place.member(A), await place.member(B)
    await a.cluster.connect(B)
    assert a.told == [NodeUp(B)]
    await b.until_told(NodeUp(A))


@in_town
async def test_a_node_that_is_listed_elsewhere_is_reached_by_its_address(place: Town) -> None:
    a, b = await place.member(A), await place.member(B, district="another")
    host, port = b.address
    await a.cluster.connect(f"{B}:{port}")
    assert a.cluster.disconnect(B)
    await b.until_told(NodeDown(A, "connection_closed"))
    await a.cluster.connect(B, (host, port))


@in_town
async def test_a_node_that_was_reached_by_its_address_is_found_again_by_its_name(place: Town) -> None:
    a, b = await place.member(A), await place.member(B, district="another")
    await a.cluster.connect(f"{B}:{b.address[1]}")
    a.cluster.disconnect(f"{B}:{b.address[1]}")
    await a.until_told(NodeDown(B, "disconnect"))
    a.cluster.dial(B)(a.message_to(B, "again"))
    await b.until_told(a.message_to(B, "again"))


@in_town
async def test_a_hidden_node_is_listed_as_hidden(place: Town) -> None:
    await place.member(A)
    await place.member(B, hidden=True)
    assert [(entry.name, entry.hidden) for entry in Directory(place.path / "nodes").nodes()] == [(A, False), (B, True)]


@in_town
async def test_connecting_twice_makes_one_link(place: Town) -> None:
    a, b = await place.member(A), await place.member(B)
    await asyncio.gather(*(a.cluster.connect(B) for _ in range(5)))
    await a.cluster.connect(B)
    await b.until_told(NodeUp(A))
    assert (a.told, b.told) == ([NodeUp(B)], [NodeUp(A)])


@in_town
async def test_connecting_to_oneself_is_nothing(place: Town) -> None:
    a = await place.member(A)
    await a.cluster.connect(A)
    assert a.told == []


@in_town
async def test_a_hidden_node_is_hidden_on_the_other_side_only(place: Town) -> None:
    a, b = await place.member(A), await place.member(B, hidden=True)
    await b.cluster.connect(A)
    await a.until_told(NodeUp(B))
    assert (a.hidden_peers, b.hidden_peers) == ({B}, set())


@in_town
async def test_an_unknown_name_is_an_error_that_names_the_known_ones(place: Town) -> None:
    a = await place.member(A)
    with pytest.raises(NotConnected, match=f"expected {B} among this host's live nodes, found {A}"):
        await a.cluster.connect(B)


@in_town
async def test_what_cannot_be_the_name_of_a_node_is_refused_before_it_is_dialled(place: Town) -> None:
    a = await place.member(A)
    with pytest.raises(ValueError, match=r"expected a node name like 'app@127\.0\.0\.1', got 'zz'"):
        await a.cluster.connect("zz")


@in_town
async def test_an_address_where_nobody_listens_is_an_error_that_names_it(place: Town) -> None:
    a, b = await place.member(A), await place.member(B)
    await b.cluster.stop()
    with pytest.raises(NotConnected, match=f"nobody listens at 127.0.0.1:{b.address[1]}"):
        await a.cluster.connect(B, b.address)


@in_town
async def test_a_wrong_secret_is_an_error_on_the_dialling_side_and_a_warning_on_the_other(
    place: Town, caplog: pytest.LogCaptureFixture
) -> None:
    a = await place.member(A, secret=Secret(b"hunter2"), codec=UntouchedCodec)
    b = await place.member(B, codec=UntouchedCodec)
    with pytest.raises(HandshakeRefused, match="the two nodes hold different secrets") as caught:
        await a.cluster.connect(B)
    assert caught.value.status is Status.WRONG_SECRET
    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    assert [f"{B} refused a connection from 127.0.0.1: {A} does not know" in it.getMessage() for it in warnings] == [
        True
    ]
    assert (a.told, b.told) == ([], [])


@in_town
async def test_why_a_node_is_not_connected_is_logged_once_and_told_until_it_is(
    place: Town, caplog: pytest.LogCaptureFixture
) -> None:
    a = await place.member(A)
    with caplog.at_level("INFO"):
        for times in (1, 2, 3):
            a.reach(B)
            await eventually(lambda: len(a.told) == times)  # noqa: B023
    why = a.why_unconnected(B)
    assert why is not None
    assert f"expected {B} among this host's live nodes" in why
    assert len([record for record in caplog.records if why in record.getMessage()]) == 1
    await place.member(B)
    await a.cluster.connect(B)
    assert a.why_unconnected(B) is None


@in_town
async def test_who_came_by_an_invitation_is_not_dialled_again_when_it_is_lost(place: Town) -> None:
    parent, child = await place.member(A), await place.member(B)
    await child.cluster.connect(A, secret=Secret(parent.cluster.invite(B)))
    child.cluster.disconnect(A)
    await child.until_told(NodeDown(A, "disconnect"))
    assert child.cluster.dial(A) == child.unreachable


@in_town
async def test_a_second_node_of_a_connected_name_is_turned_away(place: Town) -> None:
    first, b = await place.member(A), await place.member(B)
    second = await place.member(A, district="another")
    await first.cluster.connect(B)
    with pytest.raises(NotConnected, match="another live node of that name"):
        await second.cluster.connect(B, b.address)
    assert b.told == [NodeUp(A)]


@in_town
async def test_a_second_node_of_a_listed_name_cannot_listen(place: Town) -> None:
    await place.member(A)
    with pytest.raises(NodeNameTaken, match="choose another name"):
        await place.member(A)


@in_town
async def test_an_incarnation_that_comes_again_replaces_its_dead_link(place: Town) -> None:
    """Its first link still seems up to the other side: only the newcomer can know that it is gone."""
    a, b = await place.member(A), await place.member(B)
    await a.cluster.connect(B)
    [peer] = a.cluster._peers.values()
    a.cluster._peers.clear()  # what a lost without b having noticed
    await a.cluster.connect(B)
    await b.until_told(NodeDown(A, "connection_closed"))
    assert b.told == [NodeUp(A), NodeDown(A, "connection_closed"), NodeUp(A)]
    peer.link.abandon()


# Signals.


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_signals_arrive_in_the_order_sent_from_loop_and_threads(
    tmp_path: Path, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    async def main() -> None:
        async with town(tmp_path) as place:
            a = await place.member(A, codec=RememberingCodec)
            b = await place.member(B, codec=RememberingCodec)
            await a.cluster.connect(B)

            def send_all(sender: int) -> None:
                for number in range(300):
                    a.links[B](a.message_to(B, {(sender, number)}))

            await asyncio.gather(*(asyncio.to_thread(send_all, sender) for sender in range(4)))
            send_all(4)
            await b.until_told(a.message_to(B, {(4, 299)}))
            arrived = [next(iter(content)) for content in b.contents()]  # type: ignore[call-overload]
            for sender in range(5):
                assert [number for who, number in arrived if who == sender] == list(range(300))

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main())


@in_town
async def test_the_first_signal_for_a_node_dials_it_and_arrives(place: Town) -> None:
    a, b = await place.member(A), await place.member(B)
    for content in ("one", {2}, "three"):
        a.cluster.dial(B)(a.message_to(B, content))
    await b.until_told(a.message_to(B, "three"))
    assert b.told == [NodeUp(A), *(a.message_to(B, content) for content in ("one", {2}, "three"))]


@in_town
async def test_any_thread_may_dial(place: Town) -> None:
    a, b = await place.member(A), await place.member(B)
    await asyncio.to_thread(lambda: a.cluster.dial(B)(a.message_to(B, "hello")))
    await b.until_told(a.message_to(B, "hello"))


@in_town
async def test_dialling_a_node_that_is_not_there_takes_it_down(place: Town) -> None:
    a = await place.member(A)
    a.cluster.dial(B)(a.message_to(B, "lost"))
    await a.until_told(NodeDown(B, "noconnection"))
    assert a.told == [NodeDown(B, "noconnection")]


@in_town
async def test_an_address_is_no_name_to_send_to(place: Town) -> None:
    a = await place.member(A)
    with pytest.raises(ValueError, match="first, then use"):
        a.cluster.dial("b@127.0.0.1:1")


@in_town
async def test_another_spelling_of_a_name_is_not_dialled(place: Town) -> None:
    a = await place.member(A)
    with pytest.raises(ValueError, match=r"as that node spells it, 'b@::1', got 'b@\[0::1\]'"):
        a.cluster.dial("b@[0::1]")


@in_town
async def test_a_failed_explicit_connect_is_no_news_for_those_who_watch_nodes(place: Town) -> None:
    a = await place.member(A)
    with pytest.raises(NotConnected):
        await a.cluster.connect(B)
    assert a.told == []


@in_town
async def test_what_cannot_be_encoded_is_the_senders_error_even_while_dialling(place: Town) -> None:
    a, b = await place.member(A), await place.member(B)
    send = a.cluster.dial(B)
    with pytest.raises(UnencodableTerm):
        send(a.message_to(B, threading.Lock()))
    send(a.message_to(B, "fine"))
    await b.until_told(a.message_to(B, "fine"))


@in_town
async def test_a_message_that_cannot_be_decoded_is_logged_with_its_addresses_and_the_link_lives(
    place: Town, caplog: pytest.LogCaptureFixture
) -> None:
    a, b = await place.member(A), await place.member(B)
    await a.cluster.connect(B)
    for message in (Grumpy(1, "no"), Picky(), "next"):
        a.links[B](a.message_to(B, message))
    await b.until_told(a.message_to(B, "next"))
    record, other = (record for record in caplog.records if record.levelname == "ERROR")
    assert f"a message from Pid<{A} 0.1> to Pid<{B} 0.2> is lost" in record.getMessage()
    assert "missing 1 required positional argument" in record.getMessage()
    # Where that was says something where it was in code of others, and else nothing.
    assert record.exc_info is None
    assert other.exc_info


class Picky:
    """Says in its own code that it does not want to be unpickled."""

    def __getstate__(self) -> int:
        return 1

    def __setstate__(self, state: int) -> None:
        raise ValueError(state)


class Grumpy(Exception):
    """Pickles, and cannot be unpickled."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)


# Both dial at once.


@pytest.mark.parametrize("round", range(5))
@in_town
async def test_nodes_that_dial_each_other_at_once_end_with_one_link_and_lose_nothing(place: Town, round: int) -> None:
    a, b = await place.member(A, codec=RememberingCodec), await place.member(B, codec=RememberingCodec)
    for number in range(3):
        a.cluster.dial(B)(a.message_to(B, {number}))
        b.cluster.dial(A)(b.message_to(A, {number}))
    await asyncio.gather(a.cluster.connect(B), b.cluster.connect(A))
    a.links[B](a.message_to(B, {3}))
    b.links[A](b.message_to(A, {3}))
    await a.until_told(b.message_to(A, {3}))
    await b.until_told(a.message_to(B, {3}))
    assert a.contents() == b.contents() == [{0}, {1}, {2}, {3}]
    assert (a.told[0], a.told.count(NodeUp(B)), len(a.told)) == (NodeUp(B), 1, 5)
    assert (b.told[0], b.told.count(NodeUp(A)), len(b.told)) == (NodeUp(A), 1, 5)


@in_town
async def test_of_two_dials_the_greater_names_stays_whichever_comes_first(place: Town) -> None:
    a, b = await place.member(A), await place.member(B)
    a_dials, b_dials = a.cluster.dial(B), b.cluster.dial(A)
    a_dials(a.message_to(B, "from a"))
    b_dials(b.message_to(A, "from b"))
    await b.until_told(a.message_to(B, "from a"))
    await a.until_told(b.message_to(A, "from b"))
    assert b.links[A] == b_dials
    assert a.links[B] != a_dials
    a_dials(a.message_to(B, "by the old way"))
    await b.until_told(a.message_to(B, "by the old way"))


@in_town
async def test_a_dial_that_is_refused_for_the_others_waits_for_it(
    place: Town, caplog: pytest.LogCaptureFixture
) -> None:
    a, b = await place.member(A, codec=RememberingCodec), await place.member(B, codec=RememberingCodec)
    async with gate_before(a.address) as (gate, entrance):
        waiting = asyncio.create_task(b.cluster.connect(A, entrance))
        await asyncio.sleep(0)
        a.cluster.dial(B)(a.message_to(B, {"before"}))
        with caplog.at_level("DEBUG"):
            await eventually(lambda: f"{B} refused {A}: it dials this node at the same time" in caplog.text)
        a.cluster.dial(B)(a.message_to(B, {"after"}))
        gate.set()
        await waiting
        await b.until_told(a.message_to(B, {"after"}))
    assert b.told[:3] == [NodeUp(A), a.message_to(B, {"before"}), a.message_to(B, {"after"})]


@in_town
async def test_a_dial_that_was_dropped_takes_no_place_from_the_link_that_came_up_meanwhile(place: Town) -> None:
    a, b = await place.member(A, codec=RememberingCodec), await place.member(B, codec=RememberingCodec)
    proved = asyncio.Event()
    async with gate_before(b.address, shuts_when_answered=proved) as (gate, entrance):
        waiting = asyncio.create_task(a.cluster.connect(B, entrance))
        await proved.wait()
        await b.cluster.connect(A)
        await waiting
        gate.set()
    a.links[B](a.message_to(B, {"a word"}))
    await b.until_told(a.message_to(B, {"a word"}))
    assert b.told == [NodeUp(A), a.message_to(B, {"a word"})]
    assert a.told == [NodeUp(B)]


# The end of a link.


@in_town
async def test_disconnecting_says_so_here_and_closes_there(place: Town) -> None:
    a, b = await place.member(A), await place.member(B)
    await a.cluster.connect(B)
    assert a.cluster.disconnect(B)
    assert a.told == [NodeUp(B), NodeDown(B, "disconnect")]
    await b.until_told(NodeDown(A, "connection_closed"))
    assert not a.cluster.disconnect(B)


@in_town
async def test_a_node_may_connect_again_after_it_has_disconnected(place: Town) -> None:
    a, b = await place.member(A), await place.member(B)
    for _ in range(3):
        await a.cluster.connect(B)
        a.cluster.disconnect(B)
    await b.until_told(NodeDown(A, "connection_closed"))
    assert a.told == [NodeUp(B), NodeDown(B, "disconnect")] * 3


@in_town
async def test_signals_sent_before_disconnecting_arrive_before_the_news(place: Town) -> None:
    a, b = await place.member(A), await place.member(B)
    await a.cluster.connect(B)
    a.links[B](a.message_to(B, "last words"))
    a.cluster.disconnect(B)
    await b.until_told(NodeDown(A, "connection_closed"))
    assert b.told == [NodeUp(A), a.message_to(B, "last words"), NodeDown(A, "connection_closed")]


@in_town
async def test_what_is_sent_through_a_link_that_is_gone_vanishes(place: Town) -> None:
    a, b = await place.member(A), await place.member(B)
    await a.cluster.connect(B)
    send = a.links[B]
    a.cluster.disconnect(B)
    send(a.message_to(B, "nowhere"))
    await b.until_told(NodeDown(A, "connection_closed"))
    assert b.contents() == []


@in_town
async def test_giving_up_a_dial_is_the_error_of_who_waits_for_it(place: Town) -> None:
    a, _ = await place.member(A), await place.member(B)
    waiting = asyncio.create_task(a.cluster.connect(B))
    await asyncio.sleep(0)
    assert a.cluster.disconnect(B)
    with pytest.raises(NotConnected, match="told to disconnect"):
        await waiting


@in_town
async def test_stopping_leaves_every_peer_and_the_directory(place: Town) -> None:
    a, b, c = [await place.member(f"{it}@127.0.0.1") for it in "abc"]
    await a.cluster.connect(b.name)
    await c.cluster.connect(a.name)
    await a.until_told(NodeUp(c.name))
    await a.cluster.stop()
    await b.until_told(NodeDown(a.name, "connection_closed"))
    await c.until_told(NodeDown(a.name, "connection_closed"))
    with pytest.raises(NotConnected, match=r"found b@127\.0\.0\.1, c@127\.0\.0\.1"):
        await b.cluster.connect(a.name)
    assert a.dial is None


@in_town
async def test_a_stopped_cluster_reaches_nobody(place: Town) -> None:
    a, _ = await place.member(A), await place.member(B)
    await a.cluster.stop()
    send = a.cluster.dial(B)
    send(a.message_to(B, "nowhere"))
    assert a.told == []
    ref = Ref(A, 3)
    send(Monitor(Pid(A, 1), Pid(B, 2), ref))
    assert a.told == [Down(Pid(B, 2), Pid(A, 1), ref, "noconnection")]


@in_town
async def test_what_was_sent_right_before_a_node_disconnects_and_stops_arrives_however_large(place: Town) -> None:
    a, b, c = [await place.member(name) for name in (A, B, C)]
    await a.cluster.connect(B)
    await a.cluster.connect(C)
    for name in (B, C):
        a.links[name](a.message_to(name, bytes(LONG)))
        a.links[name](a.message_to(name, "last"))
    a.cluster.disconnect(C)
    await a.cluster.stop()
    for other in (b, c):
        await other.until_told(NodeDown(A, "connection_closed"))
        assert other.contents() == [bytes(LONG), "last"]


@in_town
async def test_stopping_does_not_wait_for_strangers(place: Town) -> None:
    a = await place.member(A)
    reader, writer = await asyncio.open_connection(*a.address)
    writer.write(LINK)
    await eventually(lambda: len(a.cluster._open_links) == 1)
    async with asyncio.timeout(transport.HANDSHAKE_DEADLINE / 2):
        await a.cluster.stop()
    assert await reader.read() == b""
    writer.close()


@in_town
async def test_a_cluster_that_never_listened_stops_too(place: Town) -> None:
    a, b = await place.member(A, listens=False), await place.member(B)
    await a.cluster.connect(B)
    await a.cluster.stop()
    await b.until_told(NodeDown(A, "connection_closed"))


# Signs of life.


@in_town
async def test_a_peer_that_falls_silent_is_down_after_four_times_the_tick_time(place: Town) -> None:
    a, b = await place.member(A, tick_time=0.1), await place.member(B, tick_time=0.1)
    async with proxy_to(b.address) as proxy:
        await a.cluster.connect(B, proxy.address)
        proxy.hold()
        await a.until_told(NodeDown(B, "net_tick_timeout"))


@in_town
async def test_idle_peers_of_one_tick_time_stay_connected(place: Town) -> None:
    a, b = await place.member(A, tick_time=0.1), await place.member(B, tick_time=0.1)
    await a.cluster.connect(B)
    await asyncio.sleep(1.0)  # ten tick times
    assert (a.told, b.told) == ([NodeUp(B)], [NodeUp(A)])


@in_town
async def test_a_peer_that_never_finishes_the_handshake_is_given_up(
    place: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "HANDSHAKE_DEADLINE", 0.05)

    a = await place.member(A)
    with (
        socket.create_server(("127.0.0.1", 0)) as mute,
        pytest.raises(NotConnected, match=r"was not connected after 0\.05 s"),
    ):
        await a.cluster.connect(B, mute.getsockname())
    assert a.told == []


@in_town
async def test_a_stranger_who_says_nothing_is_hung_up_on(place: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "HANDSHAKE_DEADLINE", 0.05)
    a = await place.member(A)
    reader, writer = await asyncio.open_connection(*a.address)
    writer.write(LINK)
    async with asyncio.timeout(PATIENCE):
        assert await reader.read() == b""
    writer.close()
    assert a.told == []


@in_town
async def test_a_stranger_who_speaks_another_protocol_is_hung_up_on_and_logged_once(
    place: Town, caplog: pytest.LogCaptureFixture
) -> None:
    a = await place.member(A, codec=UntouchedCodec)
    reader, writer = await asyncio.open_connection(*a.address)
    writer.write(LINK + b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100)
    async with asyncio.timeout(PATIENCE):
        assert await reader.read() == b""
    writer.close()
    assert [record.getMessage() for record in caplog.records if "is it a beamlike node?" in record.getMessage()] != []
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 1


# Where a node may listen.


@in_town
async def test_a_port_in_use_is_an_error_that_says_what_to_do(place: Town) -> None:
    a, b = await place.member(A), await place.member(B, listens=False)
    with pytest.raises(CannotListen, match=f"{a.address[1]} is taken by another program: choose another port, or 0"):
        await b.cluster.listen(*a.address)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
@in_town
async def test_listening_for_other_machines_without_what_makes_certificates_names_the_extra(
    place: Town, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    a = await place.member(A, listens=False)
    with pytest.raises(CannotListen, match=r"pip install 'beamlike\[tls\]'"):
        await a.cluster.listen(host, 0)


@pytest.mark.parametrize("host", ["nowhere.invalid", "two..dots"])
@in_town
async def test_a_host_that_nobody_knows_is_an_error_that_names_it(place: Town, host: str) -> None:
    a = await place.member(A)
    with pytest.raises(NotConnected, match=f"expected a host that can be looked up, got '{host}'"):
        await a.cluster.connect(B, (host, 4370))


@in_town
async def test_localhost_is_an_address_to_listen_at_and_to_dial(place: Town) -> None:
    a, b = await place.member(A, listens=False), await place.member(B)
    _, port = await a.cluster.listen("localhost", 0)
    await b.cluster.connect(A, ("localhost", port))


# Invitations.


@in_town
async def test_an_invited_node_gets_in_once_with_its_token(place: Town) -> None:
    parent = await place.member(A)
    token = Secret(parent.cluster.invite(B))
    child = await place.member(B, secret=token)
    await child.cluster.connect(A)
    child.cluster.disconnect(A)
    await parent.until_told(NodeDown(B, "connection_closed"))
    with pytest.raises(NotConnected, match="the invitation was used, revoked, or has expired"):
        await child.cluster.connect(A)


@in_town
async def test_a_node_may_dial_with_a_token_beside_its_own_secret(place: Town) -> None:
    parent = await place.member(A)
    child = await place.member(B, secret=Secret(b"my own"))
    await child.cluster.connect(A, secret=Secret(parent.cluster.invite(B)))
    await parent.until_told(NodeUp(B))


@in_town
async def test_an_expired_invitation_lets_nobody_in(place: Town) -> None:
    parent = await place.member(A)
    child = await place.member(B, secret=Secret(parent.cluster.invite(B, lifetime=0.0)))
    with pytest.raises(NotConnected, match="an invitation works once and until its deadline"):
        await child.cluster.connect(A)


@in_town
async def test_a_revoked_invitation_is_a_wrong_secret(place: Town) -> None:
    parent = await place.member(A)
    child = await place.member(B, secret=Secret(parent.cluster.invite(B)))
    parent.cluster.revoke(B)
    with pytest.raises(NotConnected, match="different secrets"):
        await child.cluster.connect(A)


@in_town
async def test_an_invitation_opens_its_own_name_only_and_closes_it_to_others(place: Town) -> None:
    parent = await place.member(A)
    token = Secret(parent.cluster.invite(B))
    other = await place.member("c@127.0.0.1", secret=token)
    with pytest.raises(NotConnected, match="different secrets"):
        await other.cluster.connect(A)
    squatter = await place.member(B)
    with pytest.raises(NotConnected, match="different secrets"):
        await squatter.cluster.connect(A)


@in_town
async def test_a_node_of_a_long_tick_time_shows_signs_of_life_as_often_as_another_needs_them(place: Town) -> None:
    a, b = await place.member(A, tick_time=0.2), await place.member(B, tick_time=1000.0)
    await a.cluster.connect(B)
    for name, member in ((B, a), (A, b)):
        member.cluster.heartbeat.leave(name, member.cluster._peers[name].link)  # no lane shows them
    await asyncio.sleep(2.0)  # ten tick times, after four of which it would be down
    assert (a.told, b.told) == ([NodeUp(B)], [NodeUp(A)])
