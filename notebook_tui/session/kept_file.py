"""The file of an open notebook with what belongs to it: its lock, its journal, and what it is known to hold.

file seen ──► merge ──► operations
"""

from __future__ import annotations

import os
import secrets
from contextlib import nullcontext
from dataclasses import replace
from typing import Protocol

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.document import operations
from notebook_tui.document.notebook import Notebook
from notebook_tui.document.operations import Operation
from notebook_tui.document.state import State
from notebook_tui.document.trust import code_digest
from notebook_tui.session.askers import AskedFor
from notebook_tui.session.disk import Found, Look, Refused, Wrote, perform
from notebook_tui.session.journal import Journal
from notebook_tui.session.lock import FileLock, Holder, InUse, release_at_end, this_terminal
from notebook_tui.session.merging.descent import goes_back_to
from notebook_tui.session.merging.merge import Merge, merge
from notebook_tui.session.options import SessionOptions
from notebook_tui.session.recovery import Recovered, recover
from notebook_tui.session.state_directory import name_for, state_directory
from notebook_tui.session.storage import NotebookFile, Theirs, digest_of, file_data
from notebook_tui.session.trust import is_trusted, remember_code, trust_folder

JOURNALS = "journals"


class Host(Protocol):
    """The session: what it says and does."""

    @property
    def state(self) -> State: ...

    @property
    def applied(self) -> int: ...

    def do(self, operation: Operation) -> bool: ...

    def notify(self, text: str) -> None: ...

    def tell_journaled(self, safe: int) -> None: ...

    @property
    def asked(self) -> tuple[AskedFor, ...]: ...


@frozen
class Opened:
    state: State
    applied: int
    notices: tuple[str, ...]
    heard: int = 0
    """So many messages of a runtime had led there, if that stays."""
    asked: tuple[AskedFor, ...] = ()
    """Who had asked for the cells that waited or ran."""
    cut_off: State | None = None
    """What it was when the runtime ended with its program, if one did."""


class KeptFile:
    def __init__(self, file: NotebookFile) -> None:
        self.file = file
        self.journal: Journal | None = None
        self.is_ours = False
        """It is not as it was when a session ended, but that session wrote it."""
        self._lock: FileLock | None = None
        self._base = Notebook()
        """What is in it, with the ids that its cells have here."""
        self._saving: Notebook | None = None
        """What an earlier session may have written just before its end."""
        self._complained = ""
        self._minds_trust = False
        self._known_code: str | None = None
        """The digest of what was remembered last as the user's."""

    # Opening.

    def open(self, options: SessionOptions, *, runtime_stays: bool = False) -> Opened:
        """What is in the journal, else in the file. `InUse` if another session has it, `UnreadableFile` if it is no
        notebook."""
        notices: tuple[str, ...] = ()
        self._minds_trust = options.trust
        if options.lock:
            notices = self.lock()
        try:
            return self._open(options, notices, runtime_stays)
        except BaseException:
            self.release()
            raise

    def lock(self) -> tuple[str, ...]:
        """Words about what is in the way, but for `InUse`, which is raised."""
        path = self.file.identity
        try:
            self._lock = FileLock(
                path, Holder(os.getpid(), bl.self().node, path=str(self.file.path.absolute()), terminal=this_terminal())
            )
        except InUse:
            raise
        except OSError as error:
            return (f"{path} cannot be locked, so keep others from opening it: {error.strerror or error}",)
        bl.spawn(release_at_end, bl.self(), self._lock)
        return ()

    def release(self) -> None:
        if self._lock is not None:
            self._lock.release()

    def _open(self, options: SessionOptions, notices: tuple[str, ...], runtime_stays: bool) -> Opened:
        if not options.journal:
            return self._read(notices)
        try:
            journal = state_directory(JOURNALS) / f"{name_for(self.file.identity)}.journal"
        except OSError as error:
            trouble = f"there is no journal, so a crash would lose what is not saved: {error.strerror or error}"
            return self._read((*notices, trouble))
        self.journal = Journal(journal)
        recovered, found = recover(journal, runtime_stays=runtime_stays)
        if recovered is None:
            return self._read((*notices, *found))
        return self._recovered(self.journal, recovered, (*notices, *found))

    def _read(self, notices: tuple[str, ...]) -> Opened:
        notebook, warnings = self.file.read()
        self._base = notebook
        if self.journal is not None:
            self.journal.opened(self.file.digest, notebook)
        trusted = not self._minds_trust or is_trusted(self.file.path, notebook)
        return Opened(State(notebook, path=str(self.file.path), trusted=trusted), 0, (*notices, *warnings))

    def _recovered(self, journal: Journal, recovered: Recovered, notices: tuple[str, ...]) -> Opened:
        self._base, self._saving = recovered.base, recovered.saving
        self.file.taken_for_known(recovered.digest)
        journal.opened(recovered.digest, recovered.base, recovered.heard)
        journal.safe = recovered.applied
        trusted = recovered.state.trusted or is_trusted(self.file.path, recovered.state.notebook)
        state = replace(recovered.state, path=str(self.file.path), trusted=trusted)
        return Opened(state, recovered.applied, notices, recovered.heard, recovered.asked, recovered.cut_off)

    def begin(self, host: Host) -> None:
        """The session runs. If the file is another than the journal knew, that is merged now."""
        self._host = host
        if self.journal is not None:
            self.journal.asked = lambda: host.asked
        if self.journal is None or not host.applied:
            return
        answer = perform(self.file, Look())
        if isinstance(answer, Found):
            self._found_at_begin(answer.theirs)
        elif isinstance(answer, Refused):
            host.notify(str(answer.error))
        self.journal.rewrite(host.state, host.applied)

    def _found_at_begin(self, theirs: Theirs) -> None:
        """The file may be our own, if the program ended while it was being saved, or begin with what is."""
        saving = self._saving
        if saving is None or digest_of(file_data(saving)) != theirs.digest:
            if saving is not None and goes_back_to(theirs.notebook, saving, self._base):
                self._base = saving
            self.take_in(theirs)
            return
        self.file.taken_for_known(theirs.digest)
        self.is_ours = True
        if saving == self._host.state.notebook:
            self._host.do(operations.Saved(str(self.file.path), self._host.state.revision))
        self._holds(saving, theirs.digest)

    # What it holds.

    def wrote(self, wrote: Wrote) -> None:
        """We did."""
        self._complained = ""
        self.follow()
        self._host.do(operations.Saved(str(self.file.path), wrote.revision))
        self._holds(wrote.notebook, wrote.digest)
        if self._host.state.trusted:
            self.remember_code(wrote.notebook)

    def remember_code(self, notebook: Notebook | None = None) -> None:
        """The user knows the code of the notebook, or of the file as it is."""
        known = notebook or self._base
        digest = code_digest(known)
        if not self._minds_trust or digest == self._known_code:
            return
        try:
            remember_code(self.file.identity, known)
        except OSError as error:
            self._host.notify(f"you will be asked again whether this notebook may run: {error.strerror or error}")
        self._known_code = digest

    def trust_folder(self) -> None:
        """Of the file, and below."""
        try:
            trust_folder(self.file.path.absolute().parent)
        except OSError as error:
            self._host.notify(f"the folder is not remembered as trusted: {error.strerror or error}")

    def take_in(self, theirs: Theirs) -> None:
        """Somebody else did, and their changes are made here."""
        host = self._host
        running = list(host.state.running.values())
        merged = merge(self._base, host.state.notebook, theirs.notebook, _new_id, running)
        # A crash in between would have the changes made twice.
        with self.journal.together(host) if self.journal is not None else nullcontext():
            self._withdraw_trust(theirs.notebook)
            self._make(merged)
            self.file.taken_for_known(theirs.digest)
            self._holds(merged.base, theirs.digest)
        self.follow()
        for words in (*theirs.warnings, *merged.conflicts):
            host.notify(words)
        if merged.operations:
            host.notify(f"{self.file.path.name} was changed by another program: its changes are here now")

    def _withdraw_trust(self, theirs: Notebook) -> None:
        """If they have changed code: before it is here, so that nothing runs it by itself."""
        if not self._minds_trust or not self._host.state.trusted or code_digest(theirs) == code_digest(self._base):
            return
        if not is_trusted(self.file.path, theirs):
            self._host.do(operations.TrustWithdrawn())
            self._known_code = None

    def _make(self, merged: Merge) -> None:
        was_dirty = self._host.state.dirty
        done = [self._host.do(operation) for operation in merged.operations]
        if not was_dirty and not merged.conflicts and all(done):
            self._host.do(operations.Saved(str(self.file.path), self._host.state.revision))

    def _holds(self, notebook: Notebook, digest: bytes) -> None:
        self._base = notebook
        if self.journal is not None:
            self.journal.file_is(digest, notebook, self._host.state, self._host.applied)

    def follow(self) -> None:
        """It may have been replaced by another file, to which the lock goes over."""
        if self._lock is None:
            return
        try:
            self._lock.follow()
        except OSError as error:  # a link to a file that is open elsewhere was put in its place, or the disk refuses
            self.complain(str(error))

    def complain(self, words: str) -> None:
        """Once, until it is written again."""
        if words != self._complained:
            self._complained = words
            self._host.notify(words)

    # Another file.

    def moved_to(self, file: NotebookFile, *, locks: bool) -> KeptFile:
        """The same notebook, which is about to be written into `file`. `InUse` if that is open elsewhere."""
        other = KeptFile(file)
        other.journal, other._host, other._minds_trust = self.journal, self._host, self._minds_trust
        if locks:
            for words in other.lock():
                self._host.notify(words)
        return other

    def move_journal(self) -> None:
        """To where that of this file belongs."""
        if self.journal is not None:
            self.journal.move(state_directory(JOURNALS) / f"{name_for(self.file.identity)}.journal")


def _new_id() -> str:
    return secrets.token_hex(8)
