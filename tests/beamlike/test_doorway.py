"""Who comes in, who is hung up on, and that a crowd keeps nobody out. All over real sockets."""

from __future__ import annotations

import asyncio
import errno
import os
import queue
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest

import beamlike as bl
from beamlike.distribution import doorway
from beamlike.distribution.doorway import LANE, LINK, ROOM, Doorway, Guest
from beamlike.distribution.selector_thread import SelectorThread
from beamlike.kernel import current
from tests.support.local_nodes import PATIENCE
from tests.support.peers import main_node, peers

NODE = "door@127.0.0.1"


@dataclass
class House:
    """What came in by a doorway; `knock` is somebody who comes."""

    address: tuple[str, int]
    links: queue.Queue[Guest] = field(default_factory=queue.Queue)
    lanes: queue.Queue[Guest] = field(default_factory=queue.Queue)
    visitors: ExitStack = field(default_factory=ExitStack)
    close: Callable[[], None] = lambda: None
    """Returns once it is closed; its thread goes on."""

    def knock(self, said: bytes = b"") -> socket.socket:
        visitor = self.visitors.enter_context(socket.create_connection(self.address, timeout=PATIENCE))
        visitor.sendall(said)
        return visitor


class Reluctant(socket.socket):
    """Fails to accept in one way after the other, as the system may, before it does."""

    failures: ClassVar[list[int]] = []

    def accept(self) -> tuple[socket.socket, Any]:
        if self.failures:
            number = self.failures.pop()
            raise OSError(number, os.strerror(number))
        return super().accept()


@contextmanager
def house(kind: type[socket.socket] = socket.socket, **limits: float) -> Iterator[House]:
    listening = kind(socket.AF_INET)
    listening.bind(("127.0.0.1", 0))
    listening.listen(1024)
    home = House(listening.getsockname())
    thread = SelectorThread(f"doorway of {NODE}")
    door = Doorway(NODE, thread, home.links.put, home.lanes.put, **limits)  # type: ignore[arg-type]
    thread.call(lambda: door.open(listening))

    def close() -> None:
        closed = threading.Event()
        thread.call(door.close)
        thread.call(closed.set)
        assert closed.wait(PATIENCE)

    home.close = close
    try:
        with home.visitors:
            yield home
    finally:
        thread.call(door.close)
        thread.stop()
        assert listening.fileno() == -1


def open_files() -> int:
    """0 where the system does not tell."""
    return len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0


def is_hung_up_on(visitor: socket.socket) -> bool:
    """Whether the other side closes the connection, sooner or later."""
    try:
        return visitor.recv(1) == b""
    except ConnectionResetError:
        return True


def test_four_bytes_say_what_a_connection_is_for_and_what_follows_is_left_unread() -> None:
    with house() as home:
        home.knock(LINK + b"more")
        home.knock(LANE)
        link, lane = home.links.get(timeout=PATIENCE), home.lanes.get(timeout=PATIENCE)
        taken = link.take(lambda: None)
        assert taken is not None
        with taken:
            assert taken.recv(100) == b"more"
        assert lane.host == "127.0.0.1"


def test_a_preamble_may_come_byte_by_byte() -> None:
    with house() as home:
        visitor = home.knock()
        for at in range(4):
            visitor.sendall(LINK[at : at + 1])
        assert home.links.get(timeout=PATIENCE).said == LINK


@pytest.mark.parametrize(
    ("said", "likely"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "(HTTP)"),
        (b"\x16\x03\x01\x02\x00\x01", "(TLS)"),
        (b"BLK9....", "(another version of beamlike)"),
        (b"\x00" * 100, "is it a beamlike node?"),
    ],
)
def test_a_stranger_is_hung_up_on_in_one_line_that_says_what_came(
    said: bytes, likely: str, caplog: pytest.LogCaptureFixture
) -> None:
    with house() as home:
        for _ in range(3):
            assert is_hung_up_on(home.knock(said))
    [record] = [record for record in caplog.records if record.levelname == "WARNING"]
    assert likely in record.getMessage()
    assert f"{NODE} refused a connection from 127.0.0.1: expected b'BLK1' or b'BLH1'" in record.getMessage()


def test_a_probe_that_says_nothing_leaves_no_trace(caplog: pytest.LogCaptureFixture) -> None:
    with house() as home:
        home.knock().close()
        home.knock(LINK)
        home.links.get(timeout=PATIENCE)
    assert caplog.records == []


@pytest.mark.parametrize("said", [b"", b"BL", LINK, LANE])
def test_who_proves_nothing_in_time_is_hung_up_on(said: bytes) -> None:
    with house(patience=0.05) as home:
        assert is_hung_up_on(home.knock(said))


def test_who_has_proved_itself_may_stay() -> None:
    with house(patience=5) as home:
        visitor = home.knock(LINK)
        guest = home.links.get(timeout=PATIENCE)
        guest.settled()
        assert is_hung_up_on(home.knock())
        visitor.settimeout(0.05)
        with pytest.raises(TimeoutError):
            visitor.recv(1)
        guest.sock.close()


def test_whoever_waits_for_a_busy_loop_is_dropped_and_not_taken_any_more() -> None:
    with house(room=1) as home:
        visitor = home.knock(LINK)
        waiting = home.links.get(timeout=PATIENCE)
        home.knock(LINK)
        home.links.get(timeout=PATIENCE)
        assert is_hung_up_on(visitor)
        assert waiting.take(lambda: None) is None


def test_whoever_was_taken_and_has_to_go_is_hung_up_on_by_who_took_it() -> None:
    hung_up: queue.Queue[str] = queue.Queue()
    with house(room=1) as home:
        home.knock(LINK)
        taken = home.links.get(timeout=PATIENCE).take(lambda: hung_up.put("hung up"))
        assert taken is not None
        with taken:
            home.knock()
            assert hung_up.get(timeout=PATIENCE) == "hung up"
            assert taken.fileno() != -1


def test_nobody_comes_in_while_the_thread_of_a_closed_doorway_ends() -> None:
    """The loop, which is about to end as well, would never close that socket."""
    with house() as home:
        home.close()
        with pytest.raises(ConnectionRefusedError):
            home.knock(LINK)
        assert home.links.empty()


def test_a_doorway_that_is_closed_while_it_could_not_accept_stays_closed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    could_not_accept, closed = Doorway._could_not_accept, threading.Event()

    def closes_as_well(door: Doorway, listening: socket.socket, error: OSError) -> None:
        could_not_accept(door, listening, error)
        door.close()  # here, in its thread: from another one it might come after the pause
        closed.set()

    monkeypatch.setattr(Doorway, "_could_not_accept", closes_as_well)
    monkeypatch.setattr(Reluctant, "failures", [errno.ENETDOWN])
    monkeypatch.setattr(doorway, "_PAUSE", 0.01)
    with house(Reluctant) as home:
        with suppress(ConnectionError):  # it may be closed before this one has come in
            home.knock(LINK)
        assert closed.wait(PATIENCE)
        time.sleep(0.05)  # several of the pauses after which it would be opened again
        assert home.links.empty()
    assert caplog.records == []


def test_no_failure_to_accept_shuts_the_door(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    failures = [errno.EMFILE, errno.ENFILE, errno.ECONNABORTED, errno.EPROTO, errno.ENETDOWN]
    monkeypatch.setattr(Reluctant, "failures", failures)
    monkeypatch.setattr(doorway, "_PAUSE", 0.01)
    with house(Reluctant) as home:
        home.knock(LINK)
        assert home.links.get(timeout=PATIENCE).said == LINK
    assert failures == []
    assert "raise the limit (ulimit -n)" in caplog.text
    assert len(caplog.records) == 1


def test_a_crowd_of_idle_connections_keeps_no_node_out() -> None:
    """10,000 of them; fewer where the system lets a program open fewer files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(10_000, hard - 2 * ROOM - 200)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    async def main() -> None:
        open_before = open_files()
        async with bl.Node(NODE, secret="s") as node, bl.Node("friend@127.0.0.1", secret="s") as friend:
            assert node.address is not None
            with ExitStack() as crowd:
                before = time.monotonic()
                for number in range(count):
                    idle = crowd.enter_context(socket.create_connection(node.address, timeout=PATIENCE))
                    if number % 3:
                        idle.sendall((LINK, LANE)[number % 2])
                    if number % 256 == 0:
                        await asyncio.sleep(0)
                await friend.connect(NODE)
                assert open_files() - open_before < count + 2 * ROOM
                assert node.nodes() == ["friend@127.0.0.1"]
                assert await friend.who_is_blocking(NODE, timeout=PATIENCE) is None
                assert time.monotonic() - before < 60

    try:
        asyncio.run(main())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_node_that_may_open_no_more_files_drops_who_is_idle_and_lets_a_node_in() -> None:
    async def main() -> None:
        async with peers() as started, main_node() as node:
            peer = await started.start("poor")
            address = await peer.call(allow_few_files)
            with ExitStack() as crowd:
                for _ in range(100):
                    crowd.enter_context(socket.create_connection(address, timeout=PATIENCE))
                await bl.connect(peer.node)
                assert node.nodes() == [peer.node]

    asyncio.run(main())


def allow_few_files() -> tuple[str, int] | None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (60, hard))
    node = current.current_node()
    assert isinstance(node, bl.Node)
    return node.address
