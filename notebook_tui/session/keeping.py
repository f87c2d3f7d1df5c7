"""What keeps a notebook: its file, its journal, its lock; and what others do to the file. One per session.

operation ──► journal          every one
          ──► autosave         some seconds later
file seen ──► merge ──► operations
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import beamlike as bl
from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.kernel.question import Client
from notebook_tui.document import operations
from notebook_tui.document.notebook import Notebook
from notebook_tui.document.operations import Operation
from notebook_tui.document.state import State
from notebook_tui.session.autosave import interval_of
from notebook_tui.session.disk import (
    Answer,
    Found,
    Gone,
    Job,
    Look,
    Refused,
    Unchanged,
    Write,
    Wrote,
    perform,
    serve_disk,
)
from notebook_tui.session.journal import Journal, Retry, Safe, Unsafe
from notebook_tui.session.lock import FileLock, Holder, InUse, release_at_end
from notebook_tui.session.merging.merge import merge
from notebook_tui.session.options import SessionOptions
from notebook_tui.session.recovery import Recovered, recover
from notebook_tui.session.state_directory import name_for, state_directory
from notebook_tui.session.storage import NotebookFile, Theirs, digest_of, file_data
from notebook_tui.session.unsaved import UnsavedFile
from notebook_tui.session.watch import watch_file

JOURNALS = "journals"
CLOSE_SECONDS = 30.0
TRIES = 5
"""So often a save begins anew because somebody else has just written the file."""


class Host(Protocol):
    """The session: what it says and does."""

    @property
    def state(self) -> State: ...

    @property
    def applied(self) -> int: ...

    def do(self, operation: Operation) -> bool: ...

    def notify(self, text: str) -> None: ...

    def tell_journaled(self, safe: int) -> None: ...


@dataclass(frozen=True, slots=True)
class AutosaveDue:
    """To the session."""


@dataclass(frozen=True, slots=True)
class Opened:
    state: State
    applied: int
    notices: tuple[str, ...]


class Keeping:
    def __init__(self, file: NotebookFile, options: SessionOptions) -> None:
        self.file = file
        self._options = options
        self._lock: FileLock | None = None
        self._journal: Journal | None = None
        self._base = Notebook()
        self._disk: bl.Pid | None = None
        self.is_ours = False
        """The file is another than any that was remembered, but we know it for our own."""
        self._saving: Notebook | None = None
        """What an earlier program may have written just before its end."""
        self._writing = False
        self._write_next: tuple[int, Write] | None = None
        """As soon as the journal holds that much."""
        self._waiting: list[Client] = []
        self._served: list[Client] = []
        self._moves: list[tuple[str, Client]] = []
        self._anew = False
        self._tries = 0
        self._watcher: bl.Ref | None = None
        self._watching: bl.Pid | None = None
        self._due: bl.Timer | None = None
        self._complained = ""
        self._discarded = False

    # Opening.

    def open(self) -> Opened:
        """What is in the journal, else in the file. `InUse` if another session has it, `UnreadableFile` if it is no
        notebook."""
        notices: tuple[str, ...] = ()
        if self._options.lock:
            self._lock, notices = _locked(self.file.identity)
        try:
            return self._open(notices)
        except BaseException:
            if self._lock is not None:
                self._lock.release()
            raise

    def _open(self, notices: tuple[str, ...]) -> Opened:
        if not self._options.journal:
            return self._read(notices)
        try:
            journal = state_directory(JOURNALS) / f"{name_for(self.file.identity)}.journal"
        except OSError as error:
            trouble = f"there is no journal, so a crash would lose what is not saved: {error.strerror or error}"
            return self._read((*notices, trouble))
        self._journal = Journal(journal)
        recovered, found = recover(journal)
        if recovered is None:
            return self._read((*notices, *found))
        return self._recovered(recovered, (*notices, *found))

    def _read(self, notices: tuple[str, ...]) -> Opened:
        notebook, warnings = self.file.read()
        self._base = notebook
        if self._journal is not None:
            self._journal.opened(self.file.digest, notebook)
        return Opened(State(notebook, path=str(self.file.path)), 0, (*notices, *warnings))

    def _recovered(self, recovered: Recovered, notices: tuple[str, ...]) -> Opened:
        assert self._journal is not None
        self._base, self._saving = recovered.base, recovered.saving
        self.file.taken_for_known(recovered.digest)
        self._journal.opened(recovered.digest, recovered.base)
        self._journal.safe = recovered.applied
        return Opened(replace(recovered.state, path=str(self.file.path)), recovered.applied, notices)

    def begin(self, host: Host) -> None:
        """The session runs. If the file is another than the journal knew, that is merged now."""
        self._host = host
        if self._journal is not None and host.applied:
            answer = perform(self.file, Look())
            if isinstance(answer, Found):
                self._found_at_begin(answer.theirs)
            elif isinstance(answer, Refused):
                host.notify(str(answer.error))
            self._journal.rewrite(host.state, host.applied)
        self._attend_file()
        self._arm()

    def _found_at_begin(self, theirs: Theirs) -> None:
        """The file may be our own, if the program ended while it was being saved."""
        saving = self._saving
        if saving is None or digest_of(file_data(saving)) != theirs.digest:
            self._merge(theirs)
            return
        self.file.taken_for_known(theirs.digest)
        self._base, self.is_ours = saving, True
        if saving == self._host.state.notebook:
            self._host.do(operations.Saved(str(self.file.path), self._host.state.revision))
        assert self._journal is not None
        self._journal.file_is(theirs.digest, saving, self._host.state, self._host.applied)

    def _attend_file(self) -> None:
        self._disk = bl.spawn(serve_disk, bl.self(), self.file)
        if self._options.watch:
            self._watching, self._watcher = bl.spawn_monitor(watch_file, self._disk, bl.self(), self.file)

    # What happens.

    def applied(self, operation: Operation) -> None:
        """The session has applied it."""
        if self._journal is not None:
            self._journal.wrote(operation, self._host.state, self._host.applied)
        self._arm()

    def handle(self, message: object) -> bool:
        """Whether the message was meant for this."""
        match message:
            case Safe() | Unsafe() | Retry() if self._journal is not None:
                words = self._journal.heard(message, self._host.state, self._host.applied)
                if words is not None:
                    self._host.notify(words)
                if isinstance(message, Safe):
                    self._host.tell_journaled(message.applied)
                self._write_if_safe()
            case AutosaveDue():
                self._due = None
                if self._host.state.dirty:
                    self._write(anew=False)
            case (
                Write() | Look() as job,
                Wrote() | Found() | Unchanged() | Gone() | Refused() as answer,
            ):
                self._answered(job, answer)
            case bl.Down(ref, _, reason) if self._journal is not None and self._journal.lost(ref, str(reason)):
                pass
            case bl.Down(ref, _, reason) if ref == self._watcher:
                self._host.notify(f"what other programs write into the file is seen before a save only ({reason})")
            case _:
                return False
        return True

    def save(self, client: Client) -> None:
        """The answer is the path, or the OSError that was in the way."""
        self._waiting.append(client)
        self._write(anew=True)

    def save_as(self, path: str, client: Client) -> None:
        """Writes to another file, which there must not be yet, and goes on with that."""
        if self._writing:
            self._moves.append((path, client))
            return
        try:
            self._move(NotebookFile(path))
        except OSError as error:
            GenServer.reply(client, error)
        else:
            GenServer.reply(client, path)

    def _move(self, file: NotebookFile) -> None:
        if file.path.exists():
            raise FileExistsError(f"there is a file {file.path} already; name another, or open that one")
        lock = _locked(file.identity)[0] if self._options.lock else None
        state = self._host.state
        answer = perform(file, Write(state.notebook, state.revision, anew=True))
        if not isinstance(answer, Wrote):
            if lock is not None:
                lock.release()
            raise answer.error if isinstance(answer, Refused) else OSError(f"{file.path} cannot be written")
        before, self.file = self.file, file
        for process in (self._disk, self._watching):
            if process is not None:
                bl.exit(process, "kill")
        if self._watcher is not None:
            bl.demonitor(self._watcher, flush=True)
        if self._lock is not None:
            self._lock.release()
        self._lock = lock
        if isinstance(before, UnsavedFile):
            before.saved_elsewhere()
        self._attend_file()
        if self._journal is not None:
            self._journal.move(state_directory(JOURNALS) / f"{name_for(file.identity)}.journal")
        self._wrote(answer)

    def discard(self) -> None:
        """What is not saved is not wanted."""
        self._discarded = True

    @property
    def safe(self) -> int:
        return 0 if self._journal is None else self._journal.safe

    def keep_secret(self, values: Mapping[str, str]) -> None:
        """What the journal must not hold, values with their names; also not of what it holds already."""
        if self._journal is not None and values != self._journal.secrets:
            self._journal.secrets = values
            self._journal.rewrite(self._host.state, self._host.applied)

    async def close(self) -> None:
        """Saves, where that is wanted; what cannot be saved is in the journal the next time."""
        if self._due is not None:
            bl.cancel_timer(self._due)
        if self._write_next is not None:
            self._answer(self._served, OSError(f"{self.file.path} was not saved: the notebook is being closed"))
        elif self._writing:
            job, answer = await bl.receive(_is_written, timeout=CLOSE_SECONDS)
            self._answered(job, answer)
        state = self._host.state
        saves = self._options.autosave and not self._discarded and state.dirty and self._interval() is not None
        if self._journal is not None:
            if saves:
                self._journal.saving(state, self._host.applied)
            await self._journal.close()
        saved = self._save_now() if saves else self._discarded or not state.dirty
        if self._journal is not None and saved:
            await self._journal.remove()
        if self._lock is not None:
            self._lock.release()

    # Saving.

    def _interval(self) -> float | None:
        return interval_of(self._host.state.notebook)

    def _arm(self) -> None:
        if not self._options.autosave or self._due is not None or self._writing or not self._host.state.dirty:
            return
        interval = self._interval()
        if interval is not None:
            self._due = bl.send_after(bl.self(), AutosaveDue(), interval)

    def _write(self, *, anew: bool) -> None:
        """One at a time; what comes meanwhile is written after it."""
        self._anew = self._anew or anew
        if not self._writing and self._disk is not None:
            self._writing = True
            state = self._host.state
            number = 0 if self._journal is None else self._journal.saving(state, self._host.applied)
            self._write_next = number, Write(state.notebook, state.revision, self._anew)
            self._anew = False
            self._served, self._waiting = self._waiting, []
            self._write_if_safe()

    def _write_if_safe(self) -> None:
        if self._write_next is None:
            return
        number, job = self._write_next
        if self._journal is None or self._journal.holds(number):
            assert self._disk is not None
            bl.send(self._disk, job)
            self._write_next = None

    def _answered(self, job: Job, answer: Answer) -> None:
        if isinstance(job, Look):
            if isinstance(answer, Found):
                self._merge(answer.theirs)
            elif isinstance(answer, Refused):
                self._complain(str(answer.error))
            elif isinstance(answer, Unchanged) and self._lock is not None:
                self._follow()
            return
        self._writing = False
        served, self._served = self._served, []
        match answer:
            case Wrote():
                self._tries = 0
                self._complained = ""
                self._wrote(answer)
                self._answer(served, str(self.file.path))
            case Found(theirs):
                self._merge(theirs)
                self._tries += 1
                if self._tries < TRIES:
                    self._waiting = [*served, *self._waiting]
                    self._write(anew=job.anew)
                    return
                self._tries = 0
                self._answer(served, OSError(f"{self.file.path} is being changed all the time by another program"))
            case Gone():
                words = f"{self.file.path} was removed by another program; save it to write it again"
                self._answer(served, FileNotFoundError(words))
                if not served:
                    self._complain(words)
            case Refused(error):
                self._answer(served, error)
                if not served:
                    self._complain(f"autosave failed: {error}")
        if self._moves:
            self.save_as(*self._moves.pop(0))
        if self._waiting or self._anew:
            self._write(anew=True)
        else:
            self._arm()

    def _answer(self, clients: list[Client], answer: object) -> None:
        for client in clients:
            GenServer.reply(client, answer)

    def _wrote(self, wrote: Wrote) -> None:
        self._base = wrote.notebook
        self._follow()
        self._host.do(operations.Saved(str(self.file.path), wrote.revision))
        if self._journal is not None:
            self._journal.file_is(wrote.digest, wrote.notebook, self._host.state, self._host.applied)

    def _save_now(self) -> bool:
        """At the end there is nobody any more to whom it could be left."""
        for _ in range(TRIES):
            state = self._host.state
            answer = perform(self.file, Write(state.notebook, state.revision, anew=False))
            match answer:
                case Wrote():
                    return True
                case Found(theirs):
                    self._merge(theirs)
                case _:
                    return False
        return False

    def _complain(self, words: str) -> None:
        """Once, until it works again."""
        if words != self._complained:
            self._complained = words
            self._host.notify(words)

    # What others did.

    def _merge(self, theirs: Theirs) -> None:
        host = self._host
        was_dirty = host.state.dirty
        running = [host.state.evaluating] if host.state.evaluating is not None else []
        merged = merge(self._base, host.state.notebook, theirs.notebook, _new_id, running)
        done = [host.do(operation) for operation in merged.operations]
        self._base = merged.base
        self.file.taken_for_known(theirs.digest)
        self._follow()
        if not was_dirty and not merged.conflicts and all(done):
            host.do(operations.Saved(str(self.file.path), host.state.revision))
        if self._journal is not None:
            self._journal.file_is(theirs.digest, merged.base, host.state, host.applied)
        for words in (*theirs.warnings, *merged.conflicts):
            host.notify(words)
        if merged.operations:
            host.notify(f"{self.file.path.name} was changed by another program: its changes are here now")

    def _follow(self) -> None:
        if self._lock is None:
            return
        try:
            self._lock.follow()
        except OSError as error:  # a link to a file that is open elsewhere was put in its place, or the disk refuses
            self._complain(str(error))


def _is_written(message: object) -> bool:
    match message:
        case (Write(), _):
            return True
        case _:
            return False


def _locked(path: Path) -> tuple[FileLock | None, tuple[str, ...]]:
    try:
        lock = FileLock(path, Holder(os.getpid(), bl.self().node))
        bl.spawn(release_at_end, bl.self(), lock)
        return lock, ()
    except InUse:
        raise
    except OSError as error:
        return None, (f"{path} cannot be locked, so keep others from opening it: {error.strerror or error}",)


def _new_id() -> str:
    return secrets.token_hex(8)
