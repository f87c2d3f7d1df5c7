"""The journal of an open notebook: every operation that the session accepts, on the disk some milliseconds later.

    session ── Append, Rewrite ──► writer process ── a thread: write, fsync ──► file
            ◄── Safe(applied) ──

Operations that come while the disk is busy go together with the next sync, one each 50 ms at most. Where the disk does
not keep up, or cannot be written, nothing piles up: operations are left out until a whole state can be written again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.document.notebook import Notebook
from notebook_tui.document.operations import Operation
from notebook_tui.document.state import State
from notebook_tui.session.askers import AskedFor
from notebook_tui.session.journal_file import JournalFile
from notebook_tui.session.journal_records import Done, FileIs, Heard, Record, Saving, Snapshot, Together, encoded
from notebook_tui.session.redaction import Seams

SYNC_SECONDS = 0.05
RETRY_SECONDS = 1.0
WAITING_BYTES = 16_000_000
"""More than that may not wait for the disk."""
LONG_BYTES = 1_000_000
LONG_TIMES = 2
"""A journal is written anew when the operations take that much, and so many times what the state takes."""
SAVED_SHARE = 10
"""At a save it is written anew if the operations take more than this part of the state."""
LONG_OPERATIONS = 2_000
CELLS_TIMES_OPERATIONS = 1_000_000
"""Replaying an operation takes as long as the notebook is large."""
CLOSE_SECONDS = 10.0
UNKEPT = (OSError, TypeError, ValueError)
"""The disk refuses, or a value is of a kind that no journal can hold."""


@frozen
class Append:
    record: bytes
    applied: int
    number: int


@frozen
class Rewrite:
    """At `path`, and with what is not to be found in it."""

    path: Path
    snapshot: Snapshot
    secrets: Mapping[str, str]
    number: int

    def __repr__(self) -> str:
        return f"Rewrite(applied={self.snapshot.applied})"


@frozen
class Safe:
    """To the session: the first `applied` operations survive whatever happens."""

    applied: int
    number: int
    """Of the last Append or Rewrite."""
    written: int
    """Bytes of what was appended."""
    snapshot_size: int | None = None


@frozen
class Unsafe:
    """To the session: what could not be written, in words. A Rewrite is wanted, and tried again after a while."""

    why: str


class Reached(Protocol):
    """Where the operations have led."""

    @property
    def state(self) -> State: ...

    @property
    def applied(self) -> int: ...


class Journal:
    """The session's end. Nothing is written for a notebook at which nothing happens."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.safe = 0
        """The first so many operations are on the disk."""
        self.secrets: Mapping[str, str] = {}
        """What is not to be found in it: values, each with its name."""
        self.asked: Callable[[], tuple[AskedFor, ...]] = tuple
        """Who asked for the cells that wait or run."""
        self._seams = Seams()
        self._writer: bl.Pid | None = None
        self._ended: bl.Ref | None = None
        self._digest: bytes | None = None
        self._base: Notebook | None = None
        self._saving: Notebook | None = None
        self._heard = 0
        self._told = self._held = 0
        self._together: list[Done | FileIs] | None = None
        self._in_order = False
        """Whether what is appended continues what is there."""
        self._rewriting = False
        self._refused = ""
        """By the disk, in words; nothing is tried before it is time to."""
        self._waiting = 0
        self._operations = 0
        self._bytes = 0
        self._snapshot_size = 0

    def opened(self, digest: bytes | None, base: Notebook, heard: int = 0) -> None:
        """What the file held when the notebook was opened, and how much was heard of a runtime that there is still."""
        self._digest, self._base, self._heard = digest, base, heard

    def wrote(self, operation: Operation, state: State, applied: int, asked: AskedFor | None = None) -> None:
        """The operation has led to the state, and cells wait because somebody `asked` for it."""
        if self._together is not None:
            self._together.append(Done(operation))
            return
        hidden = self._seams.hide(operation, self.secrets)
        if self._in_order and not hidden and not self._is_long(state):
            done = Done(operation)
            self._append(done if asked is None else Together((asked, done)), applied)
        elif not self._refused:
            self.rewrite(state, applied)

    def file_is(self, digest: bytes, base: Notebook, state: State, applied: int) -> None:
        """The file was read or written, and holds `base`."""
        self._digest, self._base, self._saving = digest, base, None
        if self._together is not None:
            self._together.append(FileIs(digest, None if base is state.notebook else base))
            return
        if not self._in_order:
            return
        if self._operations > 1 and self._bytes * SAVED_SHARE > self._snapshot_size:
            self.rewrite(state, applied)
        else:
            self._append(FileIs(digest, None if base is state.notebook else base), applied)

    @contextmanager
    def together(self, host: Reached) -> Iterator[None]:
        """What is told meanwhile is in the journal as a whole, or not at all."""
        self._together = []
        try:
            yield
        finally:
            records, self._together = self._together, None
            if self._in_order and not self._is_long(host.state):
                self._append(Together(tuple(records)), host.applied)
            elif records and not self._refused:
                self.rewrite(host.state, host.applied)

    def saving(self, state: State, applied: int) -> int:
        """The notebook is to be written into the file as soon as the journal `holds` the number that this returns: a
        file that is ahead of its journal would be taken for somebody else's after a crash."""
        self._saving = state.notebook
        if self._in_order:
            self._append(Saving(), applied)
        elif self._told and not self._refused:  # much was left out
            self.rewrite(state, applied)
        return self._told if self._in_order or not self._rewriting else self._told + 1

    def heard_runtime(self, number: int, state: State, applied: int) -> int:
        """So many messages of the runtime have led to the state. They are kept as soon as the journal `holds` the
        number that this returns."""
        self._heard = number
        if self._in_order:
            self._append(Heard(number), applied)
        elif self._told and not self._refused:
            self.rewrite(state, applied)
        return self._told if self._in_order or not self._rewriting else self._told + 1

    def holds(self, number: int) -> bool:
        """Whether that is on the disk, or cannot be."""
        return self._held >= number or bool(self._refused)

    def rewrite(self, state: State, applied: int) -> None:
        """Unless that is under way: then it is asked for again when that is done."""
        self._in_order = False
        if not self._rewriting:
            self._rewriting = self._in_order = True
            self._operations = self._bytes = 0
            base = None if self._base is state.notebook else self._base
            snapshot = Snapshot(state, applied, self._digest, base, self._saving, self._heard, self.asked())
            self._told += 1
            self._tell(Rewrite(self.path, snapshot, self.secrets, self._told))

    def heard(self, message: Safe | Unsafe | Retry, state: State, applied: int) -> str | None:
        """What the writer says. Returns words for the user, if there are any."""
        match message:
            case Retry():
                self._rewriting = False
                self.rewrite(state, applied)
            case Unsafe(why):
                self._in_order, self._waiting, refused, self._refused = False, 0, self._refused, why
                if why != refused:
                    return f"the journal cannot be written, so a crash would lose what is not saved: {why}"
            case Safe(safe, number, written, snapshot_size):
                self.safe, self._held = safe, number
                self._waiting = max(0, self._waiting - written)
                if snapshot_size is not None:
                    return self._rewritten(snapshot_size, state, applied)
        return None

    def _rewritten(self, snapshot_size: int, state: State, applied: int) -> str | None:
        refused, self._refused = self._refused, ""
        self._snapshot_size = snapshot_size
        self._rewriting = False
        if not self._in_order:
            self.rewrite(state, applied)
        return "the journal is written again" if refused else None

    def lost(self, ref: bl.Ref, why: str) -> bool:
        """Whether that was the writer; another takes its place."""
        if ref != self._ended:
            return False
        self._writer = self._ended = None
        _refuse(bl.self(), OSError(why))
        return True

    def move(self, path: Path) -> None:
        """It goes on under another name, with the next rewrite: the notebook has another file."""
        self.path = path
        self._in_order = self._rewriting = False

    async def close(self) -> None:
        """All that was told is written, unless the disk refuses."""
        if self._writer is None:
            return
        bl.send(self._writer, _End())
        try:
            await bl.receive(ref=self._ended, timeout=CLOSE_SECONDS)
        except TimeoutError:
            bl.exit(self._writer, "kill")

    async def remove(self) -> None:
        """Nothing is needed of it any more. It is closed."""
        await asyncio.to_thread(self.path.unlink, missing_ok=True)

    def _append(self, record: Record, applied: int) -> None:
        try:
            data = encoded(record, self.secrets)
        except UNKEPT as error:
            self._in_order = False
            _refuse(bl.self(), error)
            return
        if self._waiting + len(data) > WAITING_BYTES:
            self._in_order = False
            return
        self._waiting += len(data)
        self._operations += 1
        self._bytes += len(data)
        self._told += 1
        self._tell(Append(data, applied, self._told))

    def _is_long(self, state: State) -> bool:
        if self._bytes > max(LONG_BYTES, LONG_TIMES * self._snapshot_size):
            return True
        cells = sum(len(section.cells) for section in state.notebook.sections)
        return self._operations > min(LONG_OPERATIONS, max(100, CELLS_TIMES_OPERATIONS // max(1, cells)))

    def _tell(self, message: Append | Rewrite) -> None:
        if self._writer is None:
            self._writer, self._ended = bl.spawn_monitor(write_journal, bl.self(), JournalFile(self.path))
        bl.send(self._writer, message)


@frozen
class _End:
    pass


@frozen
class Retry:
    """To the session: it is time to ask for a Rewrite again."""


async def write_journal(session: bl.Pid, file: JournalFile) -> None:
    """The writer: all that waits is one write and one sync. After the disk refused, nothing is appended to what is
    there before a Rewrite has filled the gap."""
    bl.monitor(session)
    broken = False
    end: _End | bl.Down | None = None
    while end is None:
        batch, end = await _waiting()
        began = time.monotonic()
        if broken:
            rewrites = [number for number, message in enumerate(batch) if isinstance(message, Rewrite)]
            batch = batch[rewrites[0] :] if rewrites else []
        try:
            told = await asyncio.to_thread(_write, file, batch)
        except UNKEPT as error:
            broken = True
            _refuse(session, error)
            continue
        broken = broken and not batch
        for safe in told:
            bl.send(session, safe)
        if end is None:
            await asyncio.sleep(max(0.0, SYNC_SECONDS - (time.monotonic() - began)))
    await asyncio.to_thread(file.close)


def _refuse(session: bl.Pid, error: Exception) -> None:
    bl.send(session, Unsafe((error.strerror if isinstance(error, OSError) else None) or str(error)))
    bl.send_after(session, Retry(), RETRY_SECONDS)


async def _waiting() -> tuple[list[Append | Rewrite], _End | bl.Down | None]:
    """What there is to write, once there is something, and what says that it is the last."""
    batch: list[Append | Rewrite] = []
    timeout: float | None = None
    while True:
        try:
            message = await bl.receive(timeout=timeout)
        except TimeoutError:
            return batch, None
        if isinstance(message, _End | bl.Down):
            return batch, message
        batch.append(message)
        timeout = 0


def _write(file: JournalFile, batch: list[Append | Rewrite]) -> list[Safe]:
    """In a thread. What stands before a Rewrite is in its state."""
    written = sum(len(message.record) for message in batch if isinstance(message, Append))
    told: list[Safe] = []
    for number, message in reversed(list(enumerate(batch))):
        if isinstance(message, Rewrite):
            data = encoded(message.snapshot, message.secrets)
            file.rewrite([data], message.path)
            told.append(Safe(message.snapshot.applied, message.number, 0, len(data)))
            batch = batch[number + 1 :]
            break
    appended = [message for message in batch if isinstance(message, Append)]
    if appended:
        file.append(message.record for message in appended)
        told.append(Safe(appended[-1].applied, appended[-1].number, 0))
    if told:
        told[-1] = replace(told[-1], written=written)
    return told
