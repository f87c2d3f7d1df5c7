"""What a program prints, logs or reports when something fails, local variables and all, shows no secret."""

from __future__ import annotations

import asyncio
import logging
import socket
import traceback
from collections.abc import Awaitable, Callable

import pytest
from _pytest._io.saferepr import saferepr

import beamlike as bl
from beamlike.distribution.liveness import heartbeats

CLUSTER, TOKEN = "swordfish", "single use"


def shown(error: BaseException) -> str:
    """The error and what its frames hold, those of the program that gave the secret left out."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename != __file__]
    return "\n".join([str(error), *(show(frame.f_code.co_name, frame.f_locals) for frame in frames)])


def show(function: str, values: dict[str, object]) -> str:
    return f"{function}: " + ", ".join(f"{name}={saferepr(value, maxsize=None)}" for name, value in values.items())


async def a_name_that_is_none() -> None:
    bl.Node("no name", secret="swordfish")


async def the_same_by_start() -> None:
    await bl.start("no name", secret="swordfish")


async def an_option_that_is_none() -> None:
    await bl.start("a@127.0.0.1", secret="swordfish", colour="red")


async def a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        await bl.start("a@127.0.0.1", listen=f"127.0.0.1:{taken.getsockname()[1]}", secret="swordfish")


async def a_wrong_token() -> None:
    async with bl.Node("a@127.0.0.1", secret="swordfish") as a, bl.Node("b@127.0.0.1", secret="swordfish") as b:
        a.invite("b@127.0.0.1")
        await b.connect("a@127.0.0.1", secret=b"single use")


@pytest.mark.parametrize(
    "fails", [a_name_that_is_none, the_same_by_start, an_option_that_is_none, a_port_that_is_taken, a_wrong_token]
)
def test_what_fails_shows_no_secret(fails: Callable[[], Awaitable[None]], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises((ValueError, TypeError, OSError)) as caught:
        asyncio.run(fails())  # type: ignore[arg-type]
    report = shown(caught.value)
    assert "name='" in report
    assert CLUSTER not in report + caplog.text
    assert TOKEN not in report + caplog.text


def test_the_report_does_show_what_a_frame_holds() -> None:
    def connect(secret: str) -> None:
        raise OSError("no way")

    with pytest.raises(OSError, match="no way") as caught:
        connect("swordfish")
    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
    assert CLUSTER in show("connect", frames[-1].f_locals)


def test_the_key_of_a_session_is_in_no_repr_of_the_heartbeat() -> None:
    async def main() -> None:
        async with bl.Node("a@127.0.0.1", secret="swordfish") as a, bl.Node("b@127.0.0.1", secret="swordfish"):
            await a.connect("b@127.0.0.1")
            neighbour = heartbeats[a]._lanes.neighbours["b@127.0.0.1"]
            assert repr(neighbour.session_key) not in repr(neighbour)

    asyncio.run(main())
