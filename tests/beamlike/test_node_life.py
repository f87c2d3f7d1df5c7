"""A node starts once and stops whole, whoever asks for it and however that goes."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path

import pytest

import beamlike as bl
from beamlike.distribution.errors import CannotListen, UnusableSecret
from beamlike.kernel import current
from beamlike.loop_thread import LoopThread
from tests.support.captured_log import captured_log
from tests.support.local_nodes import PATIENCE, eventually

NAME = "life@127.0.0.1"


def node(*, own_thread: bool = False) -> bl.Node:
    return bl.Node(NAME, secret="swordfish", own_thread=own_thread)


async def is_open(address: tuple[str, int]) -> bool:
    """Whether somebody listens there; who does has hung up when this returns."""
    try:
        reader, writer = await asyncio.open_connection(*address)
    except ConnectionRefusedError:
        return False
    writer.write(b"this is no handshake")
    async with asyncio.timeout(PATIENCE):
        await reader.read()
    writer.close()
    return True


def threads() -> list[str]:
    """Those that stay: one that ends a node may have to leave yet."""
    for thread in threading.enumerate():
        if thread.name.startswith("end of"):
            thread.join()
    return [thread.name for thread in threading.enumerate() if NAME in thread.name]


def test_a_node_starts_once() -> None:
    async def main() -> None:
        one = node()
        await one.start()
        with pytest.raises(RuntimeError, match=r"has been started already; make another bl\.Node"):
            await one.start()
        await one.stop()
        with pytest.raises(RuntimeError, match="has been started already"):
            await one.start()

    asyncio.run(main())


@pytest.mark.parametrize("own_thread", [False, True])
def test_a_node_that_has_stopped_listens_no_more(own_thread: bool) -> None:
    async def main() -> None:
        async with node(own_thread=own_thread) as one:
            address = one.address
            assert address is not None
            assert await is_open(address)
        assert not await is_open(address)
        assert one.address is None
        with pytest.raises(RuntimeError, match="is not started"):
            await one.listen()
        assert await one.disconnect("other@127.0.0.1") is False
        one.revoke("other@127.0.0.1")

    asyncio.run(main())
    assert threads() == []


@pytest.mark.parametrize("own_thread", [False, True])
def test_a_process_may_stop_its_own_node(own_thread: bool) -> None:
    async def main() -> None:
        one = await node(own_thread=own_thread).start()
        address = one.address
        assert address is not None
        one.spawn(one.stop)
        await eventually(lambda: current.running_nodes() == [])
        assert not await is_open(address)

    asyncio.run(main())
    assert threads() == []


def test_whoever_is_cancelled_while_it_stops_does_not_stop_half_a_node() -> None:
    async def main() -> None:
        one = await node().start()
        address = one.address
        assert address is not None
        stop = asyncio.create_task(one.stop())
        await asyncio.sleep(0)
        stop.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stop
        await one.stop()
        assert not await is_open(address)
        assert current.running_nodes() == []

    asyncio.run(main())


def test_a_node_that_cannot_start_leaves_no_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        with pytest.raises(UnusableSecret):
            await bl.Node(NAME, own_thread=True).start()
        with socket.create_server(("127.0.0.1", 0)) as taken:
            listen = f"127.0.0.1:{taken.getsockname()[1]}"
            with pytest.raises(CannotListen):
                await bl.Node(NAME, listen=listen, secret="swordfish", own_thread=True).start()

    (tmp_path / "beamlike").mkdir()
    (tmp_path / "beamlike" / "secret").write_text("read by all")
    (tmp_path / "beamlike" / "secret").chmod(0o644)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    asyncio.run(main())
    assert threads() == []
    assert current.running_nodes() == []


@pytest.mark.parametrize("listen", ["127.0.0.1", ":80", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536"])
def test_where_to_listen_is_a_host_and_a_port(listen: str) -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="expected 'host:port' to listen on, with a port up to 65535, got"):
            bl.Node(NAME, listen=listen)

    asyncio.run(main())


def test_no_part_of_a_node_shows_its_secret() -> None:
    async def main() -> None:
        async with node() as one:
            assert "swordfish" not in f"{vars(one)} {one!r}"

    asyncio.run(main())


def test_an_invitation_lives_as_long_as_was_asked_for() -> None:
    async def main() -> None:
        async with node() as host, bl.Node("late@127.0.0.1", secret=b"another", listen=False) as guest:
            token = host.invite("late@127.0.0.1", lifetime=0.05)
            await asyncio.sleep(0.1)
            with pytest.raises(bl.NotConnected, match=r"late@127\.0\.0\.1"):
                await guest.connect(NAME, host.address, secret=token)
            token = host.invite("late@127.0.0.1", lifetime=PATIENCE)
            await guest.connect(NAME, host.address, secret=token)

    asyncio.run(main())


def test_what_waits_in_a_thread_that_ends_is_cancelled() -> None:
    async def main() -> None:
        thread = LoopThread(NAME)
        waiting = asyncio.create_task(thread.run(asyncio.sleep(600)))
        await asyncio.sleep(0.01)
        thread.stop()
        with pytest.raises(asyncio.CancelledError):
            async with asyncio.timeout(PATIENCE):
                await waiting

    asyncio.run(main())
    assert threads() == []


def test_a_thread_that_is_kept_busy_is_left_behind_with_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("beamlike.loop_thread.STOP_SECONDS", 0.05)
    go_on = threading.Event()
    thread = LoopThread(NAME)
    thread.loop.call_soon_threadsafe(go_on.wait)
    with captured_log("beamlike.node") as log:
        thread.stop()
    assert [record.getMessage() for record in log] == [f"the thread '{NAME}' is busy and did not end within 0.05 s"]
    go_on.set()


def test_a_node_names_a_process_whose_mailbox_is_long() -> None:
    async def main() -> None:
        async with bl.Node("test@127.0.0.1", secret="secret", listen=False, long_mailbox=3) as node:
            assert node._patrol is not None
            idle = bl.spawn(asyncio.sleep, 60)
            for number in range(4):
                bl.send(idle, number)
            with captured_log("beamlike.mailbox") as records:
                await eventually(lambda: bool(records))
            assert str(idle) in records[0].getMessage()

    asyncio.run(main())
