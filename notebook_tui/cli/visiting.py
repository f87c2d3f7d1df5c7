"""A node of this program's own, hidden and deaf, from which a command looks at another."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import beamlike as bl
from beamlike.distribution.addresses import Address, split_port
from beamlike.distribution.refusal import Status
from beamlike.distribution.secret import load_observe_secret
from notebook_tui.cli.main import UserError

CONNECT_SECONDS = 5.0


@asynccontextmanager
async def visiting(node: str, purpose: str) -> AsyncIterator[str]:
    """Connects to `node`, "word@host" or "word@host:port", and gives its name. UserError says what is in the way."""
    try:
        name, address = split_port(node)
    except ValueError as error:
        raise UserError(str(error)) from error
    word, at, host = name.partition("@")
    if not (word and at and host):
        raise UserError(f"expected a node as NAME@HOST or NAME@HOST:PORT, got {node!r}; `beamlike nodes` lists them")
    async with look_out(host, purpose) as here:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await connect(here, name, address, rather_own=purpose == "trace")
        except bl.NotConnected as error:
            raise UserError(str(error)) from error
        except TimeoutError:
            raise UserError(f"{name} did not answer within {CONNECT_SECONDS:g} s") from None
        yield name


async def connect(here: bl.Node, name: str, address: Address | None, *, rather_own: bool = False) -> None:
    """With the observers' secret, where this user has one and the node takes it: to look, no more is needed. Where it
    is (observers are told no arguments of calls) `rather_own` tries the node's own first."""
    observers = load_observe_secret()
    if observers is None:
        await here.connect(name, address)
        return
    first, second = (None, observers) if rather_own else (observers, None)
    try:
        await here.connect(name, address, secret=first)
    except bl.HandshakeRefused as error:
        if error.status is not Status.WRONG_SECRET:
            raise
        await here.connect(name, address, secret=second)


@asynccontextmanager
async def look_out(host: str, purpose: str) -> AsyncIterator[bl.Node]:
    """The node from which to look at others."""
    own = f"observer-{purpose}-{secrets.token_hex(4)}@{host}"
    async with bl.Node(own, listen=False, hidden=True, stall_threshold=None) as here:
        yield here
