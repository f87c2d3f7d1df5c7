import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from beamlike.distribution import transport
from beamlike.distribution.connection import Connection, Established
from beamlike.distribution.terms_codec import PickleCodec
from beamlike.distribution.transport import Home, Link
from beamlike.kernel.signals import Send, Signal
from beamlike.kernel.terms import Pid
from tests.support.handshakes import B, dialler, listener

HERE, THERE = Pid("a@127.0.0.1", 1), Pid("b@127.0.0.1", 2)


class Wire(asyncio.Transport):
    """Keeps what is written, write by write."""

    def __init__(self) -> None:
        super().__init__()
        self.socket = socket.socket()
        self.written: list[bytes] = []
        self.ended = False
        self.aborted = asyncio.Event()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"socket": self.socket}[name]

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.ended
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return self.ended

    def close(self) -> None:
        self.ended = True

    def abort(self) -> None:
        self.ended = True
        self.aborted.set()


class Owner:
    """Keeps what its link tells, and breaks at whatever signal it is told to break at."""

    def __init__(self, breaks_at: object = None) -> None:
        self.told: list[object] = []
        self.breaks_at = breaks_at

    def route(self, signal: Signal) -> None:
        assert isinstance(signal, Send)
        if signal.message == self.breaks_at:
            raise RuntimeError("a bug of ours")
        self.told.append(signal.message)

    def link_opened(self, link: Link) -> None:
        pass

    def link_event(self, link: Link, event: object) -> None:
        self.told.append(event)

    def link_lost(self, link: Link) -> None:
        self.told.append("lost")


def with_link(test: Callable[[Link, Wire, Connection, Owner], Awaitable[None]]) -> Callable[[], None]:
    """Runs the test with a link that is connected, its wire, the connection at the other end, and its owner."""

    def run() -> None:
        async def main() -> None:
            wire, owner = Wire(), Owner(breaks_at="break")
            link = Link(Connection(dialler(), PickleCodec()), owner, Home.here(), tick_interval=1000.0)
            other = Connection(listener(), PickleCodec())
            with wire.socket:
                link.connection_made(wire)
                while wire.written:
                    other.receive_data(wire.written.pop())
                    link.data_received(other.data_to_send())
                assert owner.told == [Established(B)]
                owner.told.clear()
                await test(link, wire, other, owner)
                link.connection_lost(None)

        asyncio.run(main())

    return run


def message(content: object) -> Send:
    return Send(HERE, THERE, content)


@with_link
async def test_many_signals_of_one_tick_leave_in_one_write(
    link: Link, wire: Wire, other: Connection, owner: Owner
) -> None:
    for number in range(100):
        link.send(message(number))
    assert wire.written == []
    await asyncio.sleep(0)
    [written] = wire.written
    assert other.receive_data(written) == [message(number) for number in range(100)]


@with_link
async def test_a_signal_of_another_thread_is_written_by_the_loop(
    link: Link, wire: Wire, other: Connection, owner: Owner
) -> None:
    await asyncio.to_thread(link.send, message("hello"))
    await asyncio.sleep(0)
    assert other.receive_data(b"".join(wire.written)) == [message("hello")]


@with_link
async def test_small_writes_do_not_wait_for_each_other(link: Link, wire: Wire, other: Connection, owner: Owner) -> None:
    assert wire.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@with_link
async def test_a_finalizer_may_send_while_its_thread_encodes(
    link: Link, wire: Wire, other: Connection, owner: Owner
) -> None:
    class Sending:
        def __reduce__(self) -> Any:
            link.send(message("from within"))
            return dict, ()

    link.send(message(Sending()))
    await asyncio.sleep(0)
    assert other.receive_data(b"".join(wire.written)) == [message("from within"), message({})]


def test_an_owner_that_breaks_at_one_signal_gets_the_next(caplog: pytest.LogCaptureFixture) -> None:
    @with_link
    async def test(link: Link, wire: Wire, other: Connection, owner: Owner) -> None:
        for content in ("before", "break", "after"):
            other.send(message(content))
        link.data_received(other.data_to_send())
        assert owner.told == ["before", "after"]

    test()
    [record] = caplog.records
    assert "Send could not be acted on" in record.getMessage()
    assert "a bug of ours" in caplog.text


@with_link
async def test_an_abandoned_link_falls_silent_on_both_sides(
    link: Link, wire: Wire, other: Connection, owner: Owner
) -> None:
    other.send(message("too late"))
    link.abandon()
    link.data_received(other.data_to_send())
    link.send(message("nowhere"))
    await asyncio.sleep(0)
    assert (wire.written, wire.ended, owner.told) == ([], True, [])


@with_link
async def test_a_link_that_is_abandoned_before_it_has_a_socket_never_greets(
    link: Link, wire: Wire, other: Connection, owner: Owner
) -> None:
    unborn = Link(Connection(dialler(), PickleCodec()), owner, Home.here(), tick_interval=1000.0)
    unborn.abandon()
    unborn.connection_made(wire)
    assert (wire.written, wire.ended, owner.told) == ([], True, [])


def test_last_words_that_nobody_takes_do_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "CLOSE_DEADLINE", 0.01)

    @with_link
    async def test(link: Link, wire: Wire, other: Connection, owner: Owner) -> None:
        link.close("disconnect", "going home")
        assert wire.ended
        assert not wire.aborted.is_set()
        async with asyncio.timeout(10):
            await wire.aborted.wait()

    test()


def test_sending_after_the_loop_was_closed_is_sending_into_the_void() -> None:
    async def make() -> Link:
        return Link(Connection(dialler(), PickleCodec()), Owner(), Home.here(), tick_interval=1.0)

    link = asyncio.run(make())
    thread = threading.Thread(target=link.send, args=(message("nowhere"),))
    thread.start()
    thread.join(timeout=10)
    assert not thread.is_alive()
