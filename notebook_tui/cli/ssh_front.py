"""`python -m notebook_tui.cli.ssh_front OPTIONS`: the process that takes connections over SSH and draws their views.

Started by `beamlike serve`, beside the process that holds the sessions, which it joins as any terminal does: a view
that fails, hangs or fills the memory takes no session with it, and this process is started again. It ends with its
standard input, whose other end its server holds. One line of JSON says where it listens, or why it does not.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from notebook_tui.cli.serve import log_to_standard_error

LOOKS_FOR_GARBAGE: Final = (20_000, 20, 50)
"""Views hold many objects for long, and looking through all of them is felt by all who type."""
_OF_THE_TERMINAL: Final = ("NO_COLOR", "COLORTERM", "TERM_PROGRAM", "TMUX", "STY", "DISPLAY", "BEAMLIKE_IMAGES")
"""What this process was started in is nobody's terminal here."""
_ESCAPE: Final = "50"
"""Milliseconds after which a lone Escape is the key: its sequence comes in one packet, mostly."""


def main() -> None:
    for name in list(os.environ):
        if name in _OF_THE_TERMINAL or name.startswith("TEXTUAL"):
            del os.environ[name]
    os.environ["ESCDELAY"] = _ESCAPE
    options = json.loads(sys.argv[1])
    log_to_standard_error()
    if options.get("log") is not None:
        _log_to(options["log"])
    sys.exit(_run(options))


def _run(options: dict[str, Any]) -> int:
    try:
        import uvloop

        factory: Callable[[], asyncio.AbstractEventLoop] | None = uvloop.new_event_loop
    except ImportError:
        factory = None
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(serve(options))


async def serve(options: dict[str, Any]) -> int:
    """Until the other end of standard input is closed; 1 if it cannot begin."""
    from notebook_tui.cli.program_house import ProgramHouse
    from notebook_tui.serve.joining import connected
    from notebook_tui.serve.rendezvous import server_with_pid
    from notebook_tui.ssh.gate import Limits
    from notebook_tui.ssh.host_key import BadHostKey
    from notebook_tui.ssh.key_ring import default_file
    from notebook_tui.ssh.options import SshOptions
    from notebook_tui.ssh.server import SshServer
    from notebook_tui.ssh.views import Views
    from notebook_tui.ui.channel_app import keep_task_factory

    loop = asyncio.get_running_loop()
    keep_task_factory(loop)
    ending = asyncio.Event()
    directory = Path(options["directory"])
    keys = Path(options["authorized_keys"]) if options["authorized_keys"] is not None else default_file()
    wanted = SshOptions(directory, keys, Path(options["state"]), Limits(**options["limits"]))
    listening = socket.socket(fileno=options["listening"])
    found = await asyncio.to_thread(server_with_pid, options["server"])
    if found is None:
        return _cannot(f"there is no server with the process {options['server']}")
    async with connected(found) as sessions:
        try:
            server = await SshServer.start(wanted, Views(sessions, ProgramHouse(None, directory)), listening)
        except (OSError, BadHostKey) as error:
            return _cannot(str(error))
        _keep_what_is_there()
        await _watch_parent(ending)
        print(json.dumps(_said(server)), flush=True)
        try:
            await ending.wait()
        finally:
            await server.close()
    return 0


def _said(server: Any) -> dict[str, Any]:
    return {
        "host": server.address[0],
        "port": server.address[1],
        "fingerprint": server.fingerprint,
        "keys": server.ring.count,
        "authorized_keys": os.fspath(server.options.authorized_keys),
        "trouble": server.ring.trouble,
    }


def _cannot(why: str) -> int:
    print(json.dumps({"failed": why}), flush=True)
    return 1


async def _watch_parent(ending: asyncio.Event) -> None:
    """Its end of the pipe closes with it, however it ends."""

    class Watch(asyncio.Protocol):
        def connection_lost(self, exc: Exception | None) -> None:
            ending.set()

    await asyncio.get_running_loop().connect_read_pipe(Watch, sys.stdin)


def _keep_what_is_there() -> None:
    """What is loaded now is for all views and no garbage ever."""
    from notebook_tui.runtime import intellisense  # noqa: F401 - for the first word that anybody types
    from notebook_tui.ui import notebook_screen  # noqa: F401 - loaded before the first guest, who would wait for it
    from notebook_tui.ui.home import home_screen  # noqa: F401

    gc.collect()
    gc.freeze()
    gc.set_threshold(*LOOKS_FOR_GARBAGE)


def _log_to(path: str) -> None:
    import logging

    from notebook_tui.cli.log_lines import FORMAT, LogLines

    handler = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(LogLines(FORMAT))
    logging.getLogger().addHandler(handler)
    logging.getLogger("beamlike").setLevel(logging.INFO)


if __name__ == "__main__":
    main()
