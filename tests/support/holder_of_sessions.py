"""A program that holds sessions of a directory, until its standard input ends: `beamlike serve` without its shell."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
import time

import beamlike as bl
from notebook_tui.serve.rendezvous import Announcement, Server
from notebook_tui.serve.sessions import NAME, Sessions


async def hold(directory: str) -> None:
    secret = secrets.token_bytes(32)
    name = f"serve-{os.getpid()}@127.0.0.1"
    async with bl.Node(
        name, secret=secret, observers=False, hidden=True, stall_threshold=None, listen="127.0.0.1:0"
    ) as node:
        await Sessions.start_link(name=NAME)
        assert node.address is not None
        said = Server(name, *node.address, secret, os.getpid(), os.path.realpath(directory), time.time())
        announcement = Announcement(said)
        print(json.dumps({"pid": os.getpid()}), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        announcement.withdraw()


if __name__ == "__main__":
    asyncio.run(hold(sys.argv[1]))
