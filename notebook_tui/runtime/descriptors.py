"""What subprocesses and C code write to file descriptors 1 and 2 comes to the cell, as what Python prints does.

Each descriptor becomes a pipe. A thread reads it and hands the text to the group leader; where none can be reached,
and when the interpreter ends, it goes where the descriptor led before. The order relative to `print` is that in which
the thread gets to read; `drain` makes sure that nothing is left behind when a cell ends.

C code that writes more than the pipe holds while it keeps the interpreter's lock would wait for ever for the thread to
read; so the pipe is made as large as the system allows without privileges, where it lets us.
"""

from __future__ import annotations

import atexit
import codecs
import contextlib
import faulthandler
import fcntl
import os
import select
import struct
import sys
import termios
import threading
from contextvars import Context

import beamlike as bl
from beamlike import Pid
from beamlike.kernel import group_leader
from beamlike.kernel.group_leader import Output

PIPE_BYTES = 1 << 20


class _Descriptor:
    """One of the two, from now on a pipe into the group leader's hands."""

    def __init__(self, number: int, stream: str) -> None:
        self.original = os.dup(number)
        self._number = number
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        # Re-entrant: handing over may log, and a signal handler may write.
        self._lock = threading.RLock()
        self._read_end, write_end = os.pipe()
        _enlarge(write_end)
        os.dup2(write_end, number)
        os.close(write_end)
        threading.Thread(target=self._serve, name=f"reader of {stream}", daemon=True).start()

    def _serve(self) -> None:
        poll = select.poll()
        poll.register(self._read_end, select.POLLIN)
        # Ends when nobody can write any more: POLLHUP alone.
        while any(event & select.POLLIN for _, event in poll.poll()):
            self.drain()

    def drain(self) -> None:
        """Hands over what is in the pipe now, and never waits for more."""
        with self._lock:
            waiting = _readable_bytes(self._read_end)
            if waiting:
                self._hand_over(os.read(self._read_end, waiting))

    def _hand_over(self, data: bytes) -> None:
        text = self._decoder.decode(data)
        # A copy: the other descriptor may be handing over, and a context is entered by one at a time.
        if not _context.copy().run(group_leader.hand_over, self._stream, text):
            self.write_back(text)

    def write_back(self, text: str) -> None:
        """Where the descriptor led before."""
        _write_all(self.original, text.encode("utf-8", "replace"))

    def restore(self) -> None:
        os.dup2(self.original, self._number)
        self.drain()


_descriptors: list[_Descriptor] = []
_context = Context()
"""Of a leader; one without falls back on that of the interpreter."""


def redirect_descriptors() -> None:
    """Redirects file descriptors 1 and 2 of this process, once; for an interpreter that is the notebook's alone."""
    if _descriptors:
        return
    _flush_streams()
    _descriptors.extend((_Descriptor(1, "stdout"), _Descriptor(2, "stderr")))
    # A crash of the interpreter leaves no thread to read the pipe. Of all threads, the tail of the log would not hold
    # the one that crashed.
    faulthandler.enable(_descriptors[1].original, all_threads=False)
    atexit.register(_restore, os.getpid())


def set_leader(leader: Pid) -> None:
    """From now on, what is written to the descriptors goes to that leader: of code that writes there, subprocesses
    among it, nobody knows the cell, and so it is that of the cell that ran last."""
    global _context
    context = Context()
    context.run(group_leader.set_leader, leader)
    _context = context


async def log_output() -> None:
    """The leader of code that has none, as of a thread that was not started by Python: what it prints goes where the
    descriptors led before, which is the log of this runtime."""
    while True:
        message = await bl.receive()
        if isinstance(message, Output):
            if _descriptors:
                _descriptors[message.stream == "stderr"].write_back(message.text)
            elif sys.__stderr__ is not None:
                sys.__stderr__.write(message.text)


def drain() -> None:
    """Hands over what was written so far, by whomever; nothing where the descriptors are not redirected."""
    if _descriptors:
        _flush_streams()
    for descriptor in _descriptors:
        descriptor.drain()


def _restore(owner: int) -> None:
    # A forked child shares the pipe, but has no thread to read it, and must not read it in its parent's stead.
    if os.getpid() == owner:
        _flush_streams()
        for descriptor in _descriptors:
            descriptor.restore()


def _flush_streams() -> None:
    """What was written as bytes, to `sys.stdout.buffer`, waits in these."""
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None and not stream.closed:
            stream.flush()


def _enlarge(pipe: int) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(PermissionError):  # the user has used up what they may have for pipes
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _readable_bytes(pipe: int) -> int:
    (count,) = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))
    return int(count)


def _write_all(number: int, data: bytes) -> None:
    while data:
        data = data[os.write(number, data) :]
