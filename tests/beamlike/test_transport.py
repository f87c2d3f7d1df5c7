"""A link on a real socket, whose other end the test reads and writes as it likes.

One file, since all its tests share the link, its owner and the far end.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pickle import PickleBuffer
from typing import Any

import pytest

from beamlike.distribution import transport
from beamlike.distribution.connection import Closed, Connection, Established, Event
from beamlike.distribution.frames import REFUSE, frame
from beamlike.distribution.handshake_frames import encode_refusal
from beamlike.distribution.home import Home
from beamlike.distribution.refusal import Refused, Status
from beamlike.distribution.terms_codec import PickleCodec
from beamlike.distribution.transport import Link
from beamlike.distribution.wire import Item, Undelivered
from beamlike.kernel.errors import LinkBusy
from beamlike.kernel.process import Process
from beamlike.kernel.signals import Send, Signal
from beamlike.kernel.terms import Pid
from tests.support.handshakes import B, dialler, listener
from tests.support.local_nodes import PATIENCE, eventually, settled

HERE, THERE = Pid("a@127.0.0.1", 1), Pid("b@127.0.0.1", 2)

LONG = 40 << 20
"""Bytes of more fragments than one system call takes, and than fit into the buffers of a socket."""


class Owner:
    """Keeps what its link tells, and breaks at what it is told to break at."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.breaks_at: object = None
        self.breaks_in_delivery = False

    def deliver(self, items: list[Item], there: str, interpret: Callable[[Item], bool]) -> None:
        for item in items:
            interpret(item)
            if self.breaks_in_delivery and self.told:
                raise RuntimeError("a bug of ours")

    def route(self, signal: Signal) -> None:
        assert isinstance(signal, Send)
        if signal.message == self.breaks_at:
            raise RuntimeError("a bug of ours")
        self.told.append(signal.message)

    def process(self, id: int) -> Process | None:
        return None

    def link_opened(self, link: Link) -> None:
        pass

    def link_event(self, link: Link, event: Undelivered | Established | Refused | Closed) -> None:
        self.told.append(event.reason if isinstance(event, Closed) else event)

    def beats_asked(self, link: Link, seconds: float) -> None:
        pass

    def link_lost(self, link: Link) -> None:
        self.told.append("lost")


class Far:
    """The other end."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.socket = sock
        self.connection = Connection(listener(), PickleCodec())
        self.heard: list[Event] = []

    def read(self, size: int = 1 << 20) -> int:
        """Reads once, and hears what that says. 0 if there is nothing to read, or it is the end."""
        try:
            data = self.socket.recv(size)
        except BlockingIOError:
            return 0
        self.heard += self.connection.receive_data(data)
        return len(data)

    async def until_heard(self, *events: object, size: int = 1 << 20) -> None:
        """Reads until exactly this has been heard."""
        async with asyncio.timeout(PATIENCE):
            while len(self.heard) < len(events):
                self.read(size)
                await asyncio.sleep(0)
        assert self.heard == list(events)

    def say(self, *contents: object) -> None:
        for content in contents:
            self.connection.send(Send(THERE, HERE, content))
        if data := self.connection.data_to_send():
            self.socket.sendall(data)

    def reset(self) -> None:
        """Closes as a crashed machine that is up again does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def is_at_end(self) -> bool:
        """Reads what there is to read: is the end there?"""
        try:
            while self.socket.recv(1 << 20):
                pass
        except BlockingIOError:
            return False
        except ConnectionResetError:
            pass
        return True


def stream_pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair()


def packet_pair() -> tuple[socket.socket, socket.socket]:
    """What is written at once is read at once, and alone."""
    return socket.socketpair(type=socket.SOCK_SEQPACKET)


def tcp_pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        near = socket.create_connection(listening.getsockname())
        return near, listening.accept()[0]


Test = Callable[[Link, Far, Owner], Awaitable[None]]


def linked(
    sockets: Callable[[], tuple[socket.socket, socket.socket]] = stream_pair, tick_interval: float = 1000.0
) -> Callable[[Test], Callable[[], None]]:
    """Runs the test with a link that is established, its other end, and its owner; the loop must see no error."""

    def decorate(test: Test) -> Callable[[], None]:
        async def main() -> None:
            failures: list[dict[str, Any]] = []
            asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failures.append(context))
            near, sock = sockets()
            with near, sock:
                owner, far = Owner(), Far(sock)
                link = Link(Connection(dialler(), PickleCodec()), owner, Home.here(), tick_interval)
                link.start(near)
                async with asyncio.timeout(PATIENCE):
                    while not owner.told:
                        far.read()
                        far.say()
                        await asyncio.sleep(0)
                assert owner.told == [Established(B)]
                await settled()
                far.read()
                owner.told.clear()
                far.heard.clear()
                await test(link, far, owner)
                link.abandon()
            assert not failures

        # No functools.wraps: pytest would take the link for a fixture.
        def run() -> None:
            asyncio.run(main())

        run.__name__, run.__doc__, run.__module__ = test.__name__, test.__doc__, test.__module__
        return run

    return decorate


def message(content: object) -> Send:
    return Send(HERE, THERE, content)


@linked(packet_pair)
async def test_many_signals_of_one_turn_leave_in_one_write(link: Link, far: Far, owner: Owner) -> None:
    for number in range(100):
        link.send(message(number))
    assert far.read() == 0
    await settled()
    assert far.read() > 0
    assert far.heard == [message(number) for number in range(100)]


@linked()
async def test_a_signal_of_another_thread_is_written_by_the_loop(link: Link, far: Far, owner: Owner) -> None:
    await asyncio.to_thread(link.send, message("hello"))
    await far.until_heard(message("hello"))


@linked()
async def test_many_threads_may_send_at_once_each_in_its_order(link: Link, far: Far, owner: Owner) -> None:
    def send(source: int) -> None:
        for number in range(200):
            link.send(Send(Pid(HERE.node, source), THERE, (source, number, b"x" * (number % 50) * 2000)))

    await asyncio.gather(*(asyncio.to_thread(send, source) for source in range(4)))
    async with asyncio.timeout(PATIENCE):
        while len(far.heard) < 800:
            far.read()
            await asyncio.sleep(0)
    for source in range(4):
        mine = [event.message[1] for event in far.heard if isinstance(event, Send) and event.message[0] == source]
        assert mine == list(range(200))


@linked(tcp_pair)
async def test_small_writes_do_not_wait_for_each_other(link: Link, far: Far, owner: Owner) -> None:
    assert link._socket is not None
    assert link._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@linked()
async def test_a_finalizer_may_send_while_its_thread_encodes(link: Link, far: Far, owner: Owner) -> None:
    class Sending:
        def __reduce__(self) -> Any:
            link.send(message("from within"))
            return dict, ()

    link.send(message(Sending()))
    await far.until_heard(message("from within"), message({}))


def test_an_owner_that_breaks_at_one_signal_gets_the_next(caplog: pytest.LogCaptureFixture) -> None:
    @linked()
    async def test(link: Link, far: Far, owner: Owner) -> None:
        owner.breaks_at = "break"
        far.say("before", "break", "after")
        await eventually(lambda: owner.told == ["before", "after"])

    test()
    [record] = caplog.records
    assert "Send could not be acted on" in record.getMessage()
    assert "a bug of ours" in caplog.text


def test_what_cannot_be_delivered_ends_the_link_rather_than_leave_a_hole(caplog: pytest.LogCaptureFixture) -> None:
    @linked()
    async def test(link: Link, far: Far, owner: Owner) -> None:
        owner.breaks_in_delivery = True
        far.say("first", "second")
        far.say("third")
        await eventually(lambda: "protocol_error" in owner.told)
        await settled()
        assert owner.told == ["first", "protocol_error"]

    test()
    assert "what came from b@127.0.0.1 cannot be delivered" in caplog.text


# Large things, and sockets that take little at once.


@linked()
async def test_a_large_message_arrives_whole_however_little_is_read_at_once(link: Link, far: Far, owner: Owner) -> None:
    content = bytes(range(256)) * 8000
    link.send(message(content))
    link.send(message("after"))
    await far.until_heard(message(content), message("after"), size=10_007)


@linked()
async def test_small_messages_of_others_pass_a_large_one_that_waits(link: Link, far: Far, owner: Owner) -> None:
    link.send(message(bytes(LONG)))
    await settled()
    link.post(3, 2, "small")
    await far.until_heard(Send(Pid(HERE.node, 3), THERE, "small"))
    far.heard.clear()
    await far.until_heard(message(bytes(LONG)))


@linked()
async def test_a_small_message_does_not_pass_a_large_one_of_its_own_pair(link: Link, far: Far, owner: Owner) -> None:
    link.post(1, 2, bytes(LONG))
    link.post(1, 2, "after")
    await far.until_heard(message(bytes(LONG)), message("after"))


@linked()
async def test_a_long_str_is_a_large_message_too(link: Link, far: Far, owner: Owner) -> None:
    content = "x" * LONG
    link.post(1, 2, content)
    await settled()
    link.post(3, 2, "small")
    await far.until_heard(Send(Pid(HERE.node, 3), THERE, "small"))
    far.heard.clear()
    await far.until_heard(message(content))


@linked()
async def test_a_turn_of_the_loop_goes_by_while_a_large_message_is_written(link: Link, far: Far, owner: Owner) -> None:
    link.send(message(bytes(LONG)))
    turns = 0
    while not far.heard:
        far.read(1 << 24)
        await asyncio.sleep(0)
        turns += 1
    assert turns > LONG / (2 * transport.BYTES_PER_TURN)


# The end.


@linked()
async def test_an_abandoned_link_falls_silent_on_both_sides(link: Link, far: Far, owner: Owner) -> None:
    far.say("too late")
    link.abandon()
    link.send(message("nowhere"))
    link.post(1, 2, "nowhere")
    await settled()
    assert far.is_at_end()
    assert (far.heard, owner.told) == ([], ["lost"])


def test_a_link_that_is_abandoned_before_it_has_a_socket_never_greets() -> None:
    async def main() -> None:
        owner = Owner()
        near, sock = socket.socketpair()
        with sock:
            unborn = Link(Connection(dialler(), PickleCodec()), owner, Home.here(), tick_interval=1000.0)
            unborn.abandon()
            unborn.start(near)
            assert sock.recv(100) == b""
        assert owner.told == ["lost"]

    asyncio.run(main())


@linked()
async def test_what_was_sent_before_the_end_arrives_however_long_it_is(link: Link, far: Far, owner: Owner) -> None:
    link.send(message(bytes(LONG)))
    link.send(message("last"))
    link.close("disconnect", "going home")
    farewell = Closed("connection_closed", "the other side closed the connection: 'going home'")
    await far.until_heard(message(bytes(LONG)), message("last"), farewell)
    far.socket.close()
    await eventually(lambda: owner.told == ["disconnect", "lost"])


def test_all_that_was_sent_before_a_close_leaves_however_little_in_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "BYTES_PER_TURN", 1)
    sent = [message(bytes([number]) * 100_000) for number in range(30)]

    @linked()
    async def test(link: Link, far: Far, owner: Owner) -> None:
        for it in sent:
            link.send(it)
        link.close("disconnect", "going home")
        farewell = Closed("connection_closed", "the other side closed the connection: 'going home'")
        await far.until_heard(*sent, farewell)

    test()


@pytest.mark.parametrize("last_words", [b"", bytes(LONG)], ids=["short", "long"])
def test_last_words_that_nobody_takes_do_not_hold_up_the_end(
    monkeypatch: pytest.MonkeyPatch, last_words: bytes
) -> None:
    monkeypatch.setattr(transport, "CLOSE_DEADLINE", 0.01)

    @linked()
    async def test(link: Link, far: Far, owner: Owner) -> None:
        link.send(message(last_words))
        link.close("disconnect", "going home")
        assert owner.told == ["disconnect"]
        await eventually(lambda: owner.told == ["disconnect", "lost"])

    test()


@pytest.mark.parametrize(("longest", "arrives"), [(PATIENCE, True), (0.05, False)])
def test_what_was_lent_before_the_end_stays_for_a_while_for_a_peer_that_is_late_to_read(
    monkeypatch: pytest.MonkeyPatch, longest: float, arrives: bool
) -> None:
    monkeypatch.setattr(transport, "CLOSE_DEADLINE", 0.01)
    monkeypatch.setattr(transport, "LONGEST_FAREWELL", longest)

    @linked()
    async def test(link: Link, far: Far, owner: Owner) -> None:
        far.say()
        await eventually(lambda: link._connection.outbox.lend is not None)
        link.send(message(PickleBuffer(bytearray(LONG))))
        link.close("disconnect", "going home")
        if arrives:
            await asyncio.sleep(0.2)  # that nothing more is told cannot be waited for
            assert owner.told == ["disconnect"]
        else:
            await eventually(lambda: owner.told == ["disconnect", "lost"])
        far.read()
        assert [type(event) for event in far.heard] == ([Send, Closed] if arrives else [Closed])
        far.socket.close()
        await eventually(lambda: owner.told == ["disconnect", "lost"])

    test()


def test_a_peer_that_says_goodbye_and_takes_nothing_more_does_not_keep_the_socket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport, "CLOSE_DEADLINE", 0.01)

    @linked()
    async def test(link: Link, far: Far, owner: Owner) -> None:
        link.send(message(bytes(LONG)))
        await settled()
        far.connection.close("disconnect", "that is enough")
        far.say()
        await eventually(lambda: owner.told == ["connection_closed", "lost"])

    test()


@linked(tick_interval=0.001)
async def test_a_peer_that_falls_silent_is_lost_though_it_takes_nothing(link: Link, far: Far, owner: Owner) -> None:
    link.send(message(bytes(LONG)))
    await eventually(lambda: owner.told == ["net_tick_timeout", "lost"])


@linked(tcp_pair)
async def test_a_reset_in_the_middle_of_a_message_is_the_end(link: Link, far: Far, owner: Owner) -> None:
    link.send(message(bytes(LONG)))
    await settled()
    far.read(1000)
    far.reset()
    await eventually(lambda: owner.told == ["connection_closed", "lost"])
    link.send(message("nowhere"))
    assert far.heard == []


@pytest.mark.parametrize("missing", [1, 70_000, 400_000])
@pytest.mark.parametrize("content", [bytes(300_000), [{"x" * 300_000}]], ids=["beside", "within"])
def test_nothing_is_delivered_of_a_message_that_is_cut(content: object, missing: int) -> None:
    @linked(tcp_pair)
    async def test(link: Link, far: Far, owner: Owner) -> None:
        far.say("whole")
        far.connection.send(Send(THERE, HERE, content))
        far.socket.sendall(far.connection.data_to_send()[:-missing])
        far.socket.close()
        await eventually(lambda: owner.told == ["whole", "connection_closed", "lost"])

    test()


@linked()
async def test_a_byte_that_was_changed_on_the_way_ends_the_link(link: Link, far: Far, owner: Owner) -> None:
    far.say("whole")
    far.connection.send(Send(THERE, HERE, "changed"))
    far.connection.send(Send(THERE, HERE, bytes(100_000)))
    data = bytearray(far.connection.data_to_send())
    data[data.index(b"changed")] ^= 1
    far.socket.sendall(data)
    await eventually(lambda: owner.told == ["whole", "protocol_error"])
    await far.until_heard(
        Closed("connection_closed", "the other side closed the connection: 'a block was damaged on the way'")
    )


def test_sending_after_the_loop_was_closed_is_sending_into_the_void() -> None:
    async def make() -> Link:
        return Link(Connection(dialler(), PickleCodec()), Owner(), Home.here(), tick_interval=1.0)

    link = asyncio.run(make())
    thread = threading.Thread(target=link.send, args=(message("nowhere"),))
    thread.start()
    thread.join(timeout=10)
    assert not thread.is_alive()


@pytest.mark.parametrize("elsewhere", [False, True], ids=["in its thread", "in another"])
def test_what_becomes_ready_for_a_link_after_its_loop_was_closed_is_no_error(elsewhere: bool) -> None:
    """As an environment does, whose installer has outlived the node."""

    async def make() -> Link:
        return Link(Connection(dialler(), PickleCodec()), Owner(), Home.here(), tick_interval=1.0)

    connection = asyncio.run(make())._connection
    with ThreadPoolExecutor() as thread:
        for call in (connection.can_go_on, connection.wants_to_write):
            if elsewhere:
                thread.submit(call).result(PATIENCE)
            else:
                call()


# One link in place of another, and too much for either.


@linked()
async def test_a_link_that_takes_over_is_as_bounded_as_any(link: Link, far: Far, owner: Owner) -> None:
    dialled = Link(Connection(dialler(), PickleCodec()), owner, Home.here(), tick_interval=1000.0)
    dialled.send(message("early"))
    heir = Link(Connection(listener(), PickleCodec()), owner, Home.here(), tick_interval=1000.0)
    heir.take_over(dialled)
    heir.congestion.bound = 1 << 20
    dialled.send(message(bytes(2 << 20)))
    with pytest.raises(LinkBusy):
        dialled.send(message(bytes(2 << 20)))
    assert heir.congestion.is_full


@linked()
async def test_code_outside_a_process_is_told_that_the_link_is_full_and_may_wait(
    link: Link, far: Far, owner: Owner
) -> None:
    link.congestion.bound = 1 << 20
    link.send(message(bytes(10 << 20)))
    with pytest.raises(LinkBusy, match=r"await bl\.drain\('b@127\.0\.0\.1'\)"):
        link.send(message(bytes(2 << 20)))
    for _ in range(20):
        link.post(1, 2, "x" * 50_000)
    with pytest.raises(LinkBusy):
        link.post(1, 2, "x" * 50_000)
    room = asyncio.ensure_future(link.congestion.room())
    await settled()
    assert not room.done()
    await eventually(lambda: far.read() == 0 and room.done())
    link.send(message("after"))
    await eventually(lambda: far.read() == 0 and far.heard[-1] == message("after"))


@linked()
async def test_a_link_that_is_lost_lets_those_go_who_wait_for_room(link: Link, far: Far, owner: Owner) -> None:
    link.congestion.bound = 1 << 20
    link.send(message(bytes(10 << 20)))
    room = asyncio.ensure_future(link.congestion.room())
    await settled()
    far.socket.close()
    async with asyncio.timeout(PATIENCE):
        await room


def test_a_dial_that_waits_for_the_others_is_bounded_as_any_link() -> None:
    async def main() -> None:
        here, there = socket.socketpair()
        with there:
            link = Link(Connection(dialler(), PickleCodec()), Owner(), Home.here(), tick_interval=1000.0)
            link.start(here)
            there.sendall(frame(REFUSE, encode_refusal(Status.SIMULTANEOUS)))
            await eventually(lambda: link._over)
            link.congestion.bound = 1000
            for _ in range(3):
                link.send(message(bytes(500)))
            assert link.congestion.is_full
            taking_over = Link(Connection(listener(), PickleCodec()), Owner(), Home.here(), tick_interval=1000.0)
            taking_over.take_over(link)
            assert taking_over.congestion.is_full
            taking_over.abandon()
            assert not taking_over.congestion.is_full

    asyncio.run(main())
