"""From `kill -9` of a parent until none of its runners is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from tests.bench.lines import emit

RUNNERS = 8
PARENT = f"""
import asyncio, os
import beamlike as bl, flame
async def main():
    async with bl.Node("parent@127.0.0.1", secret=b"bench"):
        pool = await flame.Pool.start(name="bench", min={RUNNERS}, max={RUNNERS})
        pids = await asyncio.gather(*[pool.call(os.getpid) for _ in range({RUNNERS})])
        calls = [asyncio.ensure_future(pool.call(asyncio.sleep, 600)) for _ in range({RUNNERS})]
        print(*pids, flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""


def main() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = {int(pid) for pid in parent.stdout.readline().split()}
        began = time.perf_counter()
        parent.send_signal(signal.SIGKILL)
        while any(map(is_alive, pids)):
            time.sleep(0.001)
        seconds = time.perf_counter() - began
    emit("flame", "W12", "parent_killed_to_none_left", "ms", seconds * 1e3, runners=len(pids))


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
