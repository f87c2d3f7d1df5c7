"""`flyctl proxy` as this package calls it: a program that leads connections to an address, until its input ends.

fake_flyctl.py proxy LOCAL:REMOTE ADDRESS --app APP --bind-addr HOST --watch-stdin
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

from tests.support.fly_machines import TOKEN


def installed(directory: Path, *, fails: str = "") -> Path:
    """A program of that name. With `fails` it says that, and ends."""
    path = directory / "flyctl"
    root = Path(__file__).parents[2]
    path.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(root)!r})\n"
        f"from tests.support.fake_flyctl import main\nmain({fails!r}, {str(directory)!r})\n"
    )
    path.chmod(0o755)
    return path


def main(fails: str, directory: str) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["proxy"])
    parser.add_argument("ports")
    parser.add_argument("address")
    parser.add_argument("--app", required=True)
    parser.add_argument("--bind-addr", required=True)
    parser.add_argument("--watch-stdin", action="store_true", required=True)
    asked = parser.parse_args()
    Path(directory, f"flyctl-{os.getpid()}.pid").write_text(" ".join(sys.argv))
    if fails:
        sys.exit(f"Error: {fails}")
    if os.environ.get("FLY_ACCESS_TOKEN") != TOKEN or os.environ.get("FLY_NO_UPDATE_CHECK") != "1":
        sys.exit("Error: no access token available. Please login with 'flyctl auth login'")
    local, _, remote = asked.ports.partition(":")
    asyncio.run(_serve(asked.bind_addr, int(local), asked.address, int(remote)))


async def _serve(host: str, local: int, address: str, remote: int) -> None:
    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection(address, remote)
        except OSError as error:
            print(f"Error: failed to connect to {address}: {error}", flush=True)
            writer.close()
            return
        await asyncio.gather(_carry(reader, inner_writer), _carry(inner_reader, writer))

    async with await asyncio.start_server(lead, host, local):
        print(f"Proxying local port {local} to remote [{address}]:{remote}", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
        os._exit(0)  # and with it all that goes through


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()
