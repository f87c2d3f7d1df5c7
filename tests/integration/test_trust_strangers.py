"""Who comes to a node, or is dialled by one, and is no peer of it: told so in words on both sides."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Literal

import pytest

import beamlike as bl
from beamlike.distribution import cluster, transport
from beamlike.distribution.addresses import Address
from beamlike.distribution.doorway import LINK
from beamlike.distribution.frames import HELLO, REFUSE, frame
from beamlike.distribution.handshake_frames import encode_introduction, encode_refusal
from beamlike.distribution.refusal import Status
from tests.support.handshakes import A as STRANGER
from tests.support.local_nodes import eventually
from tests.support.tls_pairs import dialler

A, B = "a@127.0.0.1", "b@127.0.0.1"
VERSION_7 = b"\x00\x07"


def refused(caplog: pytest.LogCaptureFixture) -> list[str]:
    messages = (record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING)
    return [message for message in messages if "refused a connection" in message]


async def ask(node: bl.Node, said: bytes) -> bytes:
    """What the node answers, until it hangs up; it may have waited for too long by the time that this is said."""
    assert node.address is not None
    answer = b""
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(*node.address)
        with closing(writer), suppress(ConnectionError):
            writer.write(said)
            answer = await reader.read()
    return answer


@contextmanager
def a_listener_that_says(*answers: bytes) -> Iterator[Address]:
    """Answers each connection with these bytes."""

    def serve() -> None:
        for answer in answers:
            sock, _ = listening.accept()
            with sock:
                sock.recv(1000)
                sock.sendall(answer)
                while sock.recv(1000):
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[:2]
        thread.join(10)
        assert not thread.is_alive()


def test_a_dialler_of_another_version_is_told_and_the_log_names_both(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with bl.Node(A, secret="swordfish") as a:
            hello = VERSION_7 + encode_introduction(STRANGER, b"d" * 32)[2:]
            assert await ask(a, LINK + frame(HELLO, hello)) == frame(REFUSE, encode_refusal(Status.VERSION_MISMATCH))
            await eventually(lambda: bool(refused(caplog)))
            assert "expected protocol version 5, the other side speaks version 7" in refused(caplog)[0]

    asyncio.run(main())


def test_a_listener_of_another_version_is_an_error_with_both_versions() -> None:
    async def main() -> None:
        refusal = encode_refusal(Status.VERSION_MISMATCH)[:1] + VERSION_7
        async with bl.Node(A, secret="swordfish") as a:
            with a_listener_that_says(frame(REFUSE, refusal)) as address, pytest.raises(bl.NotConnected) as caught:
                await a.connect(B, address)
        assert "expected protocol version 5, b@127.0.0.1 speaks version 7" in str(caught.value)

    asyncio.run(main())


def test_a_node_of_another_name_at_the_address_is_an_error_on_both_sides(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with bl.Node(A, secret="swordfish") as a, bl.Node(B, secret="swordfish") as b:
            with pytest.raises(bl.NotConnected, match=r"expected c@127\.0\.0\.1 at that address, found b@127\.0\.0\.1"):
                await a.connect("c@127.0.0.1", b.address)
            await eventually(lambda: bool(refused(caplog)))
            assert "a@127.0.0.1 refused b@127.0.0.1: it expected a node of another name" in refused(caplog)[0]

    asyncio.run(main())


@pytest.mark.parametrize("said", [LINK, LINK + frame(HELLO, encode_introduction(STRANGER, b"d" * 32))])
def test_a_connection_that_stays_half_open_is_closed_and_the_log_says_so(
    said: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(transport, "HANDSHAKE_DEADLINE", 0.1)

    async def main() -> None:
        async with bl.Node(B, secret="swordfish") as b:
            assert len(await ask(b, said)) < 1000
            await eventually(lambda: bool(refused(caplog)))
            assert "the handshake was not over after 0.1 s" in refused(caplog)[0]

    asyncio.run(main())


def test_an_agreement_on_tls_that_stays_half_open_is_closed_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(transport, "HANDSHAKE_DEADLINE", 0.1)

    async def main() -> None:
        async with bl.Node(B, secret="swordfish", tls="always") as b:
            await ask(b, LINK + dialler().take())
            await eventually(lambda: bool(refused(caplog)))
            assert "the handshake was not over after 0.1 s" in refused(caplog)[0]

    asyncio.run(main())


def test_a_listener_that_does_not_answer_tls_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "HANDSHAKE_DEADLINE", 0.1)

    async def main() -> None:
        async with bl.Node(A, secret="swordfish", tls="always") as a:
            with (
                socket.create_server(("127.0.0.1", 0)) as mute,
                pytest.raises(bl.NotConnected, match=r"was not connected after 0\.1 s"),
            ):
                await a.connect(B, mute.getsockname())

    asyncio.run(main())


def test_a_peer_that_is_refused_again_and_again_is_logged_once_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with bl.Node(A, secret="hunter2") as a, bl.Node(B, secret="swordfish") as b:
            for _ in range(5):
                with pytest.raises(bl.HandshakeRefused):
                    await a.connect(B)
            key = ("a@127.0.0.1 at 127.0.0.1", "WRONG_SECRET")
            await eventually(lambda: b.cluster.refusals() == {key: 5})
            assert len([line for line in refused(caplog) if "does not know the secret" in line]) == 1

    asyncio.run(main())


@pytest.mark.parametrize("tls", [None, "always"])
def test_a_stranger_gets_no_more_memory_than_it_may_fill(tls: Literal["always"] | None) -> None:
    async def main() -> None:
        async with bl.Node(A, secret="swordfish", tls=tls) as a:
            assert a.address is not None
            with socket.create_connection(a.address) as stranger:
                stranger.sendall(LINK)
                await eventually(lambda: bool(a.cluster._open_links))
                [link] = a.cluster._open_links
                assert sum(buffer.nbytes for buffer in [link._ciphertext, *link._connection.buffers()]) <= 8192

    asyncio.run(main())


@pytest.mark.parametrize("now", [0.0, 4e9])
def test_a_clock_that_is_set_to_another_year_does_not_touch_an_invitation(
    now: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with bl.Node(A, secret="swordfish", tls="always") as parent:
            token = parent.invite("child@127.0.0.1", lifetime=60.0)
            monkeypatch.setattr(time, "time", lambda: now)
            async with bl.Node("child@127.0.0.1", secret="its own", tls="always") as child:
                await child.connect(A, secret=token)
                assert child.nodes() == [A]

    asyncio.run(main())


def test_an_invitation_that_is_over_is_refused_in_words_on_both_sides(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with bl.Node(A, secret="swordfish") as parent, bl.Node("child@127.0.0.1", secret="its own") as child:
            token = parent.invite("child@127.0.0.1", lifetime=0.0)
            with pytest.raises(bl.HandshakeRefused, match="works once and until its deadline, by the inviter's clock"):
                await child.connect(A, secret=token)
            await eventually(lambda: bool(refused(caplog)))
            assert "the invitation of child@127.0.0.1 was used, revoked, or has expired" in refused(caplog)[0]

    asyncio.run(main())
