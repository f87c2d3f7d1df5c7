"""Two nodes whose packets are dropped on the way: unshare -rn python -m tests.support.dropped_packets TICK_TIME

To be run in a network namespace of its own, whose loopback it brings up, and later has drop whatever comes. Prints the
states in which the other node is seen, and the reason of its end. Exits with CANNOT where the system does not permit
it.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys

import beamlike as bl
from tests.support.local_nodes import PATIENCE
from tests.support.peers import main_node, peers

UP = ["ip", "link", "set", "lo", "up"]
# No packet fits into the bucket of this filter, so all are dropped.
DROP = ["tc", "qdisc", "add", "dev", "lo", "root", "tbf", "rate", "1kbit", "burst", "10", "latency", "1ms"]
CANNOT = 77


def run(command: list[str]) -> None:
    if shutil.which(command[0]) is None:
        print(f"there is no {command[0]} here")
        sys.exit(CANNOT)
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        print(f"{' '.join(command)}: {result.stderr.strip()}")
        sys.exit(CANNOT)


async def main(tick_time: float) -> None:
    async with peers() as started, main_node(tick_time=tick_time):
        peer = await started.start("vanished", tick_time=tick_time)
        await bl.connect(peer.node)
        bl.monitor_node(peer.node)
        print(bl.node_state(peer.node))
        await asyncio.to_thread(run, DROP)
        while bl.node_state(peer.node) == "up":  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)
        print(bl.node_state(peer.node))
        print((await bl.receive(timeout=4 * tick_time + PATIENCE)).reason)


if __name__ == "__main__":
    run(UP)
    asyncio.run(main(float(sys.argv[1])))
