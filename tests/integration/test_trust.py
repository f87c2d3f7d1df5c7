"""Nodes inside TLS, over real sockets, and who stands between them or comes without what it takes."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import beamlike as bl
import nodes
from beamlike.distribution.addresses import Address
from beamlike.distribution.heartbeat.neighbour import Neighbour
from beamlike.distribution.liveness import heartbeats
from beamlike.distribution.tls_layer import TlsLayer
from tests.support.authorities import DAY, Authority
from tests.support.interception import eavesdropper, man_in_the_middle
from tests.support.local_nodes import eventually

A, B = "a@127.0.0.1", "b@127.0.0.1"
SECRET = "swordfish"


def node(name: str, **options: Any) -> bl.Node:
    return bl.Node(name, secret=SECRET, **options)


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


def refused(caplog: pytest.LogCaptureFixture) -> list[str]:
    messages = (record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING)
    return [message for message in messages if "refused a connection" in message]


async def refusals(
    caplog: pytest.LogCaptureFixture, a: bl.Node, b: bl.Node, through: Address | None = None
) -> tuple[str, str]:
    """What a is told that dials b, directly or through a passage, and what the log of b says of it."""
    with pytest.raises(bl.NotConnected) as caught:
        await a.connect(b.name, through or b.address)
    await eventually(lambda: bool(refused(caplog)))
    [line] = refused(caplog)
    assert SECRET not in str(caught.value) + caplog.text
    return str(caught.value), line


# TLS with certificates that the nodes make.


def test_what_nodes_say_to_each_other_cannot_be_read_in_between() -> None:
    async def main() -> None:
        async with node(A, tls="always") as a, node(B, tls="always") as b:
            assert b.address is not None
            with eavesdropper(b.address) as passage:
                await a.connect(B, passage.address)
                here = a.self()
                b.spawn(bl.send, here, "attack at dawn")
                assert await a.receive(timeout=10) == "attack at dawn"
                await a.disconnect(B)
            assert len(passage.passed) > 1000
            assert b"attack" not in passage.passed
            assert A.encode() not in passage.passed

    run(main)


@pytest.mark.parametrize("size", [1, 100_000, 30_000_000])
def test_messages_of_any_size_come_whole_through_tls(size: int) -> None:
    async def main() -> None:
        async with node(A, tls="always") as a, node(B, tls="always") as b:
            await a.connect(B)
            b.spawn(bl.send, a.self(), bytearray(b"x" * size))
            assert await a.receive(timeout=30) == b"x" * size

    run(main)


@pytest.mark.parametrize(
    ("lies", "near", "far"),
    [
        (False, "somebody in between presents a certificate of its own", "somebody in between presents a certificate"),
        (True, "the two nodes hold different secrets", "does not know the secret"),
    ],
)
def test_a_man_in_the_middle_with_his_own_certificate_is_refused_on_both_sides(
    caplog: pytest.LogCaptureFixture, lies: bool, near: str, far: str
) -> None:
    async def main() -> None:
        async with node(A, tls="always") as a, node(B, tls="always") as b:
            assert b.address is not None
            with man_in_the_middle(b.address, lies=lies) as passage:
                told, logged = await refusals(caplog, a, b, passage.address)
            assert near in told
            assert far in logged
            assert a.nodes() == b.nodes() == []

    run(main)


def has_a_lane(neighbour: Neighbour) -> bool:
    return neighbour.open_lane is not None


def test_the_heartbeat_has_its_lane_inside_tls_too() -> None:
    async def main() -> None:
        async with node(A, tls="always", tick_time=0.4) as a, node(B, tls="always", tick_time=0.4) as b:
            await a.connect(B)
            for one, other in ((a, b), (b, a)):
                neighbour = heartbeats[one]._lanes.neighbours[other.name]
                await eventually(partial(has_a_lane, neighbour))
                assert neighbour.lane is not None
                assert isinstance(neighbour.lane._layer, TlsLayer)
                assert neighbour.lane._layer.ready

    run(main)


@pytest.mark.parametrize("own_authority", [False, True])
def test_a_child_has_the_tls_of_its_parent(tmp_path: Path, own_authority: bool) -> None:
    async def main() -> None:
        async with node(A, tls=Authority(tmp_path).tls() if own_authority else "always"):
            child = await nodes.boot(nodes.Local())
            try:
                assert await bl.rpc.call(child.node, sum, [1, 2], timeout=40) == 3
            finally:
                await child.stop()

    run(main)


# Between machines, or what passes for it.


def other_address() -> str | None:
    """An address of this machine that is not a loopback one, where it has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("192.0.2.1", 9))  # which sends nothing
        except OSError:
            return None
        host = str(sock.getsockname()[0])
    return None if host.startswith("127.") else host


@pytest.mark.skipif(other_address() is None, reason="this machine has no address but loopback")
def test_off_loopback_links_are_inside_tls_without_being_asked_to() -> None:
    async def main() -> None:
        host = other_address()
        async with node(f"a@{host}") as a, node(f"b@{host}") as b:
            await a.connect(b.name)
            assert b.nodes() == [a.name]
            [link] = a.cluster._open_links
            assert link._layer is not None

    run(main)


def test_a_node_that_other_machines_reach_is_reached_over_loopback_in_clear_and_inside_tls() -> None:
    async def main() -> None:
        async with node(A) as a, node("c@127.0.0.1", tls="always") as c, node(B, listen="0.0.0.0:0") as b:
            assert b.address is not None
            for other in (a, c):
                await other.connect(B, ("127.0.0.1", b.address[1]))
            assert sorted(b.nodes()) == [A, "c@127.0.0.1"]

    run(main)


# Who comes in clear, and who inside TLS.


def test_a_dialler_in_clear_and_a_listener_of_tls_both_say_so(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with node(A) as a, node(B, tls="always") as b:
            told, logged = await refusals(caplog, a, b)
            assert "it expects TLS, and this node came without" in told
            assert "expected TLS, got bytes in clear: the dialler goes without TLS" in logged

    run(main)


def test_a_dialler_of_tls_and_a_listener_in_clear_both_say_so(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with node(A, tls="always") as a, node(B) as b:
            told, logged = await refusals(caplog, a, b)
            assert "or listens without TLS: give both nodes the same `tls` option" in told
            assert "expected frames in clear, got TLS: give both nodes the same `tls` option" in logged

    run(main)


# Certificates of an authority.


def test_nodes_of_one_authority_connect(tmp_path: Path) -> None:
    authority = Authority(tmp_path)

    async def main() -> None:
        async with node(A, tls=authority.tls()) as a, node(B, tls=authority.tls()) as b:
            await a.connect(B)
            assert b.nodes() == [A]

    run(main)


@pytest.mark.parametrize(
    ("change", "near", "far"),
    [
        ({"until": -DAY / 2}, "this node's certificate has expired", "certificate has expired, and it is"),
        ({"since": DAY / 2}, "not valid yet by the other machine's clock", "certificate is not valid yet, and it is"),
    ],
)
def test_a_certificate_of_another_time_is_refused_with_a_word_on_clocks_on_both_sides(
    caplog: pytest.LogCaptureFixture, tmp_path: Path, change: dict[str, Any], near: str, far: str
) -> None:
    authority = Authority(tmp_path)

    async def main() -> None:
        async with node(A, tls=authority.tls(**change)) as a, node(B, tls=authority.tls()) as b:
            told, logged = await refusals(caplog, a, b)
            assert near in told
            assert far in logged
            assert "clock" in told
            assert "clock" in logged

    run(main)


def test_a_dialler_without_a_certificate_of_the_authority_is_refused_on_both_sides(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    async def main() -> None:
        async with node(A, tls="always") as a, node(B, tls=Authority(tmp_path).tls()) as b:
            told, logged = await refusals(caplog, a, b)
            assert "the other side asks for a certificate, and this node has none to show" in told
            assert "the other side shows no certificate, and has to" in logged

    run(main)


def test_a_listener_whose_certificate_is_for_another_host_is_refused_on_both_sides(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)

    async def main() -> None:
        async with node(A, tls=authority.tls()) as a, node(B, tls=authority.tls("db.internal")) as b:
            told, logged = await refusals(caplog, a, b)
            assert "certificate is not valid for '127.0.0.1'" in told
            assert "does not accept this node's certificate" in logged

    run(main)


def test_a_certificate_that_cannot_be_read_is_an_error_at_the_start_that_names_it(tmp_path: Path) -> None:
    async def main() -> None:
        with pytest.raises(OSError, match=r"none\.pem"):
            await bl.start(A, secret=SECRET, tls=bl.Tls(certificate=tmp_path / "none.pem", authority="ca.pem"))

    run(main)


def test_a_tls_option_that_is_none_is_an_error_at_once() -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="expected tls=None, 'always' or"):
            bl.Node(A, secret=SECRET, tls="sometimes")  # type: ignore[arg-type]

    run(main)
