"""A server that imports all and forks then, as gunicorn does with a service that is loaded ahead: two workers, each
with a node. It prints their names and ends when its input does."""

from __future__ import annotations

import asyncio
import os
import sys

import beamlike as bl


async def worker(ready: int, over: int) -> None:
    async with bl.lifespan("forked") as node:
        os.write(ready, f"{node.name}\n".encode())
        await asyncio.get_running_loop().run_in_executor(None, os.read, over, 1)


def main() -> None:
    names, ready = os.pipe()
    over, end = os.pipe()
    children = []
    for _ in range(2):
        child = os.fork()
        if not child:
            os.close(end)
            asyncio.run(worker(ready, over))
            os._exit(0)
        children.append(child)
    found = b""
    while found.count(b"\n") < 2:
        found += os.read(names, 100)
    print(" ".join(sorted(found.decode().split())), flush=True)
    sys.stdin.read()
    os.close(end)
    sys.exit(sum(os.waitpid(child, 0)[1] for child in children))


if __name__ == "__main__":
    main()
