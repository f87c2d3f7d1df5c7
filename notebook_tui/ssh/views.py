"""What guests are given: views of the sessions that a process holds, and commands in processes of their own."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import beamlike as bl
from notebook_tui.serve.sessions import Listing, Running
from notebook_tui.session.bounds import is_permitted, permitted, shown
from notebook_tui.session.given_inputs import inputs_in, inputs_json
from notebook_tui.ssh.command import HELP, Help, Home, ListOpen, OpenFile, Run, Wish
from notebook_tui.ssh.guest import Guest
from notebook_tui.ssh.house import Files, SharedHouse
from notebook_tui.ssh.runs import AGAIN, RunsUnderWay, TooManyRuns
from notebook_tui.ssh.server import Admitted
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.terminal_environment import use_terminal_environment

_log = logging.getLogger("beamlike.ssh")
CALL_SECONDS: Final = 10.0
_CHUNK: Final = 65_536
_STOP_SECONDS: Final = 10.0


class Views:
    """`sessions` says where the process of all sessions is."""

    def __init__(self, sessions: bl.Server, files: Files, runs: RunsUnderWay | None = None) -> None:
        self._sessions = sessions
        self._files = files
        self._keys_first: Any = None
        self._runs = runs or RunsUnderWay()
        self._reading = RunsUnderWay(most=sys.maxsize)
        """Those that wait for their inputs: they take room from nobody but whoever has begun them."""

    async def view(self, wish: Home | OpenFile, guest: Guest, visitor: Admitted) -> int:
        from notebook_tui.ui.channel_app import ChannelApp
        from notebook_tui.ui.keys_first import KeysFirst
        from notebook_tui.ui.visit import begin

        self._keys_first = self._keys_first or KeysFirst()
        use_terminal_environment(guest.environment)
        house = SharedHouse(self._sessions, visitor.person, visitor.directory, self._files)
        opened = await begin(house.open(_notebook(wish.path))) if isinstance(wish, OpenFile) else None
        try:
            failed = partial(_log_failure, visitor)
            app = ChannelApp(opened, guest, house, keys_first=self._keys_first, on_failure=failed)
        except BaseException:
            if opened is not None:
                await opened.end()
            raise
        guest.app = app
        size = guest.size
        try:
            await app.run_async(size=(size.columns, size.lines))
        finally:
            guest.app, guest.has_left = None, True
            self._keys_first.painted(app)  # the last key has no frame, and nothing is kept of who has left
            await app.leave()
        if app.last_words:
            guest.complain(f"beamlike: {app.last_words}\n")
        return guest.parted if app.last_words else 0

    async def perform(self, wish: Wish, guest: Guest, visitor: Admitted) -> int:
        match wish:
            case Run():
                return await self._run(wish, guest, visitor)
            case ListOpen(as_json):
                guest.say(await self._listed(as_json))
            case Help():
                guest.say(HELP.encode())
        return 0

    async def _run(self, wish: Run, guest: Guest, visitor: Admitted) -> int:
        path = _notebook(wish.path)
        try:
            inputs = await self._inputs(wish, guest, visitor) | dict(wish.inputs)
            with self._runs.another(visitor.fingerprint):
                return await _run(path, wish.options, inputs, guest, visitor.directory)
        except TooManyRuns as refusal:
            guest.complain(f"beamlike: {refusal}\n")
            return AGAIN

    async def _inputs(self, wish: Run, guest: Guest, visitor: Admitted) -> dict[str, str]:
        """Those that come by standard input."""
        if not wish.takes_inputs:
            return {}
        with self._reading.another(visitor.fingerprint):
            return inputs_in(await guest.input.whole())

    async def _listed(self, as_json: bool) -> bytes:
        try:
            running: tuple[Running, ...] = await bl.GenServer.call(self._sessions, Listing(), timeout=CALL_SECONDS)
        except bl.CallFailed as error:
            raise OSError(f"the server of the sessions does not answer: {error}") from error
        mine = [each for each in running if is_permitted(each.path)]
        return "".join(_lines(mine, as_json)).encode("utf-8", "backslashreplace")


def _log_failure(visitor: Admitted, failure: BaseException) -> None:
    """They are told in the view's place; whoever serves would hear of it from nobody."""
    _log.error("a view of %s has failed", visitor.person.name, exc_info=failure)


def _lines(running: list[Running], as_json: bool) -> Iterator[str]:
    for each in running:
        path = shown(each.path)
        # Whoever may edit may have named the file, and who lists it may be somebody else.
        yield f"{json.dumps({'path': path, 'since': each.since})}\n" if as_json else f"{printable_row(path)}\n"


def _notebook(path: str) -> str:
    """What is typed begins in the key's directory."""
    return str(permitted(path))


async def _run(path: str, options: Sequence[str], inputs: Mapping[str, str], guest: Guest, directory: Path) -> int:
    """`beamlike run` in a process of its own, which ends when its guest leaves; returns, or raises, after its end."""
    # Everybody on this machine can see a process's words.
    words = [*options, "--inputs", "-"] if inputs else options
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "notebook_tui", "run", *words, "--", path),
        cwd=directory,
        env=environment,
        stdin=asyncio.subprocess.PIPE if inputs else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    if process.stdin is not None:
        process.stdin.write(inputs_json(inputs))
        process.stdin.close()
    try:
        await asyncio.gather(_carry(process.stdout, guest.say, guest), _carry(process.stderr, guest.say_error, guest))
        status = await process.wait()
    except BaseException:
        await asyncio.shield(_stop(process))
        raise
    return status if status >= 0 else 128 - status


async def _carry(source: asyncio.StreamReader, say: Any, guest: Guest) -> None:
    """As fast as the guest takes it: the process waits meanwhile."""
    while data := await source.read(_CHUNK):
        say(data)
        await guest.drained()


async def _stop(process: asyncio.subprocess.Process) -> None:
    """As Ctrl-C would, so that its runtime and what that booted is gone as well; then for good."""
    import signal

    try:
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()
    except ProcessLookupError:
        return
    except TimeoutError:
        process.kill()
        await process.wait()
