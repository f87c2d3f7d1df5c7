"""One channel of a connection: a view of notebooks if there is a terminal, else a command and its exit status.

A view is one task in a context of its own. Whatever ends the channel ends the task, and whatever ends the task ends the
channel: a task that is cancelled before its first step never runs, so the channel is closed by what is called after it.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

import asyncssh

from notebook_tui.ssh.command import Home, NoSuchCommand, OpenFile, Wish, parse, role_for, takes_input
from notebook_tui.ssh.standard_input import StandardInput
from notebook_tui.ui.driver.channel import TerminalSize

if TYPE_CHECKING:
    from notebook_tui.ui.channel_app import ChannelApp

_log = logging.getLogger("beamlike.ssh")
BEHIND: Final = 8 * 1024
"""Bytes that wait in this program, behind which nothing more is drawn for a terminal."""
HOPELESS: Final = 16 * 1024 * 1024
"""Bytes that wait for a terminal that takes none: pictures are not dropped as frames are. The connection ends."""
_LOOKS_AGAIN: Final = 0.02
_MOUTHFUL: Final = 1_024
"""Bytes that are read as keys in one turn of the loop: between those of a flood all others have theirs."""
LONGEST_PASTE: Final = 4_000_000
"""Characters of a paste that does not end. The connection does."""
PATIENCE: Final = 5.0
"""Seconds that a view has to leave in order."""
REFUSED: Final = 2
FAILED: Final = 1
_LARGEST_SIDE: Final = 1_000
"""Columns and lines of a terminal; what is said beyond is not believed."""
_ACCEPTED: Final = ("LANG", "COLORTERM", "NO_COLOR", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "VTE_VERSION")
_ACCEPTED_BEGINNINGS: Final = ("LC_", "BEAMLIKE_IMAGES")
_LONGEST_VALUE: Final = 256


class Host(Protocol):
    """The connection, as one of its channels sees it."""

    def may(self, wish: Wish) -> bool: ...

    @property
    def role(self) -> str: ...

    async def view(self, wish: Home | OpenFile, guest: Guest) -> int:
        """Shows notebooks in the guest's terminal until they leave; the exit status."""

    async def perform(self, wish: Wish, guest: Guest) -> int:
        """Does it, without a terminal; the exit status."""

    def refused(self, why: str) -> None:
        """The guest was not given what they asked for; the log is told."""

    def touched(self) -> None:
        """The guest did something."""

    def left(self, guest: Guest) -> None: ...


class Guest(asyncssh.SSHServerSession[bytes]):
    def __init__(self, host: Host) -> None:
        self._host = host
        self._chan: asyncssh.SSHServerChannel[bytes]
        self._size = TerminalSize()
        self._term = ""
        self._command: str | None = None
        self._task: asyncio.Task[int] | None = None
        self._full = False
        self._typed = bytearray()
        """What came from the terminal and is still to be read as keys."""
        self._feeds = False
        self._no_more = False
        self.app: ChannelApp | None = None
        self.input = StandardInput()
        """What comes for a command."""
        self._performs = False
        self._awaits_view = False
        """Whether there is to be a view, which has what is typed until then."""
        self.has_left = False
        """Whether the view is over."""
        self.parted = FAILED
        """The exit status of a view that is ended from here."""
        self.sent = 0

    @property
    def performs(self) -> bool:
        """Whether a command runs here, and no view; one that waits for its input does not yet."""
        return self._performs and not self.input.is_awaited

    # What a view needs of its terminal.

    @property
    def environment(self) -> Mapping[str, str]:
        said = {
            _text(name): _text(value) for name, value in self._chan.get_environment_bytes().items() if _accepted(name)
        }
        return {**said, "TERM": self._term}

    @property
    def size(self) -> TerminalSize:
        return self._size

    def write(self, data: bytes) -> None:
        if self._chan.is_closing():
            return
        self.sent += len(data)
        with suppress(OSError):  # it has gone meanwhile
            self._chan.write(data)
        if self._waiting > HOPELESS:
            _log.warning("a terminal has taken nothing of the last %d bytes: its connection ends", HOPELESS)
            self._chan.get_connection().abort()

    def is_behind(self) -> bool:
        return self._full or self._waiting > BEHIND

    def complain(self, text: str) -> None:
        """On the other side's standard error; in a terminal, with the line ends of one."""
        data = text.encode("utf-8", "replace")
        with suppress(OSError):
            if self._term:
                self._chan.write(data.replace(b"\n", b"\r\n"))
            else:
                self._chan.write_stderr(data)

    def say(self, data: bytes) -> None:
        """On the other side's standard output, of a command."""
        with suppress(OSError):
            self._chan.write(data)

    def say_error(self, data: bytes) -> None:
        with suppress(OSError):
            self._chan.write_stderr(data)

    async def drained(self) -> None:
        """Until what was written has gone, but for a little."""
        # Of the connection's own buffer nobody tells when it is empty.
        while self.is_behind() and not self._chan.is_closing():  # noqa: ASYNC110
            await asyncio.sleep(_LOOKS_AGAIN)

    @property
    def _waiting(self) -> int:
        """The channel's own, which the window of the other side holds back, and the connection's, for the socket."""
        transport = self._chan.get_connection()._transport
        return self._chan.get_write_buffer_size() + (transport.get_write_buffer_size() if transport is not None else 0)

    # What asyncssh calls.

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._chan = chan

    def pty_requested(
        self, term_type: str, term_size: tuple[int, int, int, int], term_modes: Mapping[int, int]
    ) -> bool:
        self._term = term_type[:64] or "dumb"
        self._size = _size(*term_size)
        return True

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        self._size = _size(width, height, pixwidth, pixheight)
        if self.app is not None:
            self.app.resized()

    def shell_requested(self) -> bool:
        return True

    def exec_requested(self, command: str) -> bool:
        self._command = command
        return True

    def subsystem_requested(self, subsystem: str) -> bool:
        """No files by sftp, nor anything else: what there is, `help` says."""
        self._host.refused(f"there is no subsystem {subsystem}")
        return False

    def session_started(self) -> None:
        self._task = asyncio.get_running_loop().create_task(
            self._run(), name="ssh guest", context=contextvars.copy_context()
        )
        self._task.add_done_callback(self._finished)

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self._host.touched()
        if self._awaits_view or self.app is not None:
            self._typed += data
            if not self._feeds:
                self._feed()
        else:
            self.input.feed(data)

    def _feed(self) -> None:
        """As much as the view can take now. While it cannot, or comes up, the other side is kept from sending more."""
        self._feeds = False
        app = self.app
        if self._chan.is_closing():
            self._typed.clear()
            return
        is_busy = app is None or app.is_busy
        if app is not None and not is_busy:
            app.feed(bytes(self._typed[:_MOUTHFUL]))
            del self._typed[:_MOUTHFUL]
            if app.held > LONGEST_PASTE:
                _log.warning("a paste of more than %d characters does not end: its connection does", LONGEST_PASTE)
                self._typed.clear()
                self._chan.get_connection().abort()
                return
        if not self._typed:
            # All that waits in the channel comes at once: after any part of it asyncssh asks for a whole window more.
            self._feeds = True
            self._chan.resume_reading()
            self._feeds = False
        if self._typed:
            self._feeds = True
            self._chan.pause_reading()
            asyncio.get_running_loop().call_later(_LOOKS_AGAIN if is_busy else 0.0, self._feed)
        elif self._no_more:
            self._end()

    def eof_received(self) -> bool:
        if self.app is not None or self._typed:
            self._no_more = True
            if not self._feeds:
                self._end()
        else:
            self.input.end()
        return True

    def signal_received(self, signal: str) -> None:
        self._end()

    def break_received(self, msec: int) -> bool:
        self._end()
        return True

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False

    def connection_lost(self, exc: Exception | None) -> None:
        if self._task is None:  # what was asked for was refused, so there is no end of it to wait for
            self._host.left(self)
        self._end()

    # Its life.

    def close(self, why: str, status: int = FAILED) -> None:
        """Leaves, saying why; a view that nobody has left meanwhile, with that exit status."""
        if not (self._performs or self._is_leaving):
            self.parted = status
        if self.app is not None:
            self.app.last_words = why
        else:
            self.complain(f"beamlike: {why}\n")
        self._end()

    @property
    def _is_leaving(self) -> bool:
        """Whether the view ends already, as its guest wanted."""
        return self.has_left or (self.app is not None and self.app.return_code is not None)

    def _end(self) -> None:
        """What was typed is saved, if it is a view; what runs for a command ends with it."""
        task = self._task
        if task is None or task.done():
            return
        if self.app is not None and self.app.is_running:
            self.app.hang_up()
            asyncio.get_running_loop().call_later(PATIENCE, task.cancel)
        elif not (self._performs and task.cancelling()):  # a second time, it would not wait for what it ends
            task.cancel()

    async def _run(self) -> int:
        try:
            wish = parse(self._command)
        except NoSuchCommand as error:
            return self._refuse("there is no such command", str(error))
        if not self._host.may(wish):
            return self._refuse(f"that takes a key with the role {role_for(wish)}; yours has {self._host.role}")
        early = b""
        if not takes_input(wish):
            early = self.input.drop()
        elif self._term:
            return self._refuse("expected no terminal (ssh -T HOST …) where the inputs come by standard input")
        if not isinstance(wish, Home | OpenFile):
            self._performs = True
            return await self._host.perform(wish, self)
        if self._term in ("", "dumb"):
            return self._refuse("expected a terminal to show notebooks in (ssh -t HOST …); without: ssh HOST help")
        self._awaits_view = True
        if early:
            self._typed += early
            self._feed()
        return await self._host.view(wish, self)

    def _refuse(self, why: str, said: str = "") -> int:
        """`said` is for the guest alone: it has their own words, which may be secret."""
        self._host.refused(why)
        self.complain(f"beamlike: {said or why}\n")
        return REFUSED

    def _finished(self, task: asyncio.Task[int]) -> None:
        self.app = None
        self._host.left(self)
        status = self.parted
        if not task.cancelled():
            if (error := task.exception()) is None:
                status = task.result()
            else:
                status = FAILED
                _log.error("a view has failed", exc_info=error)
                self.complain(f"beamlike: the view failed ({type(error).__name__}); the server's log says where\n")
        if not self._chan.is_closing():
            self._chan.exit(status)


def _size(columns: int, lines: int, width: int, height: int) -> TerminalSize:
    """Not every terminal knows its size, and none is as large as this."""
    return TerminalSize(
        min(columns or 80, _LARGEST_SIDE), min(lines or 24, _LARGEST_SIDE), min(width, 32_767), min(height, 32_767)
    )


def _accepted(name: Any) -> bool:
    text = _text(name)
    return text in _ACCEPTED or text.startswith(_ACCEPTED_BEGINNINGS)


def _text(value: Any) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return "".join(letter for letter in text[:_LONGEST_VALUE] if letter.isprintable())
