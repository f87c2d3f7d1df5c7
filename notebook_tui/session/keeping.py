"""What keeps an open notebook: every operation goes into the journal, and the file is saved and watched.

operation ──► journal          every one
          ──► autosave         some seconds later
file seen ──► merge ──► operations
"""

from __future__ import annotations

from collections.abc import Mapping

import beamlike as bl
from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.kernel.question import Client
from beamlike.kernel.record import frozen
from notebook_tui.document.operations import Operation
from notebook_tui.session.askers import AskedFor
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
from notebook_tui.session.journal import Retry, Safe, Unsafe
from notebook_tui.session.kept_file import Host, KeptFile, Opened
from notebook_tui.session.options import SessionOptions
from notebook_tui.session.storage import NotebookFile
from notebook_tui.session.unsaved import UnsavedFile
from notebook_tui.session.watch import watch_file

CLOSE_SECONDS = 30.0
TRIES = 5
"""So often a save begins anew because somebody else has just written the file."""


@frozen
class AutosaveDue:
    """To the session."""


class Keeping:
    """One per session, whose calls and messages it is handed."""

    def __init__(self, file: NotebookFile, options: SessionOptions) -> None:
        self._kept = KeptFile(file)
        self._options = options
        self._disk: bl.Pid | None = None
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
        self._discarded = False

    @property
    def file(self) -> NotebookFile:
        return self._kept.file

    @property
    def is_ours(self) -> bool:
        """Whether the file is our own although nobody has noted so."""
        return self._kept.is_ours

    @property
    def safe(self) -> int:
        """So many operations are on the disk."""
        return 0 if self._kept.journal is None else self._kept.journal.safe

    def open(self, *, runtime_stays: bool = False) -> Opened:
        """As `KeptFile.open`."""
        return self._kept.open(self._options, runtime_stays=runtime_stays)

    def begin(self, host: Host) -> None:
        """The session runs."""
        self._host = host
        self._kept.begin(host)
        self._attend_file()
        self._arm()

    def _attend_file(self) -> None:
        self._disk = bl.spawn(serve_disk, bl.self(), self.file)
        if self._options.watch:
            self._watching, self._watcher = bl.spawn_monitor(watch_file, self._disk, bl.self(), self.file)

    # What happens.

    def heard_runtime(self, number: int) -> int:
        """So many messages of the runtime have led to the state; on the disk once that `holds` what is returned."""
        journal = self._kept.journal
        return 0 if journal is None else journal.heard_runtime(number, self._host.state, self._host.applied)

    def holds(self, number: int) -> bool:
        """Whether that is on the disk, or cannot be."""
        return self._kept.journal is None or self._kept.journal.holds(number)

    def applied(self, operation: Operation, asked: AskedFor | None = None) -> None:
        """The session has applied it, and cells wait because somebody `asked` for it."""
        if self._kept.journal is not None:
            self._kept.journal.wrote(operation, self._host.state, self._host.applied, asked)
        self._arm()

    def handle(self, message: object) -> bool:
        """Whether the message was meant for this."""
        journal = self._kept.journal
        match message:
            case Safe() | Unsafe() | Retry() if journal is not None:
                words = journal.heard(message, self._host.state, self._host.applied)
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
                bl.Pid() as disk,
                Write() | Look() as job,
                Wrote() | Found() | Unchanged() | Gone() | Refused() as answer,
            ):
                if disk == self._disk:  # else of the file that it was
                    self._answered(job, answer)
            case bl.Down(ref, _, reason) if journal is not None and journal.lost(ref, str(reason)):
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
        file.check_new_name()
        if file.path.exists():
            raise FileExistsError(f"there is a file {file.path} already; name another, or open that one")
        other, state = self._kept.moved_to(file, locks=self._options.lock), self._host.state
        answer = perform(file, Write(state.notebook, state.revision, anew=True))
        if not isinstance(answer, Wrote):
            other.release()
            raise answer.error if isinstance(answer, Refused) else OSError(f"{file.path} cannot be written")
        before, self._kept = self._kept, other
        before.release()
        for process in (self._disk, self._watching):
            if process is not None:
                bl.exit(process, "kill")
        if self._watcher is not None:
            bl.demonitor(self._watcher, flush=True)
        if isinstance(before.file, UnsavedFile):
            before.file.saved_elsewhere()
        self._attend_file()
        self._kept.move_journal()
        self._kept.wrote(answer)

    def trust_given(self, *, folder: bool) -> None:
        """By the user, to the code as it is in the file, and to what the folder holds."""
        self._kept.remember_code()
        if folder:
            self._kept.trust_folder()

    def discard(self) -> None:
        """What is not saved is not wanted."""
        self._discarded = True

    def keep_secret(self, values: Mapping[str, str]) -> None:
        """What the journal must not hold besides, values with their names; also not of what it holds already."""
        journal = self._kept.journal
        if journal is not None and not values.items() <= journal.secrets.items():
            journal.secrets = {**journal.secrets, **values}
            journal.rewrite(self._host.state, self._host.applied)

    async def close(self, *, leaves: bool = False) -> None:
        """Saves, where that is wanted; what cannot be saved is in the journal the next time. With `leaves` all else is
        there, too: outputs, and what runs."""
        if self._due is not None:
            bl.cancel_timer(self._due)
        if self._write_next is not None:
            self._answer(self._served, OSError(f"{self.file.path} was not saved: the notebook is being closed"))
        elif self._writing:
            _, job, answer = await bl.receive(_is_written, timeout=CLOSE_SECONDS)
            self._answered(job, answer)
        state, journal = self._host.state, self._kept.journal
        saves = self._options.autosave and not self._discarded and state.dirty and self._interval() is not None
        if journal is not None:
            if saves:
                journal.saving(state, self._host.applied)
            await journal.close()
        saved = self._save_now() if saves else self._discarded or not state.dirty
        if journal is not None and saved and not leaves:
            await journal.remove()
        self._kept.release()

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
            journal = self._kept.journal
            number = 0 if journal is None else journal.saving(state, self._host.applied)
            self._write_next = number, Write(state.notebook, state.revision, self._anew)
            self._anew = False
            self._served, self._waiting = self._waiting, []
            self._write_if_safe()

    def _write_if_safe(self) -> None:
        if self._write_next is None:
            return
        number, job = self._write_next
        if self._kept.journal is None or self._kept.journal.holds(number):
            assert self._disk is not None
            bl.send(self._disk, job)
            self._write_next = None

    def _answered(self, job: Job, answer: Answer) -> None:
        if isinstance(job, Look):
            if isinstance(answer, Found):
                self._kept.take_in(answer.theirs)
            elif isinstance(answer, Refused):
                self._kept.complain(str(answer.error))
            elif isinstance(answer, Unchanged):
                self._kept.follow()
            return
        self._writing = False
        served, self._served = self._served, []
        match answer:
            case Wrote():
                self._tries = 0
                self._kept.wrote(answer)
                self._answer(served, str(self.file.path))
            case Found(theirs):
                self._kept.take_in(theirs)
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
                    self._kept.complain(words)
            case Refused(error):
                self._answer(served, error)
                if not served:
                    self._kept.complain(f"autosave failed: {error}")
        while self._moves:
            self.save_as(*self._moves.pop(0))
        if self._waiting or self._anew:
            self._write(anew=True)
        else:
            self._arm()

    def _answer(self, clients: list[Client], answer: object) -> None:
        for client in clients:
            GenServer.reply(client, answer)

    def _save_now(self) -> bool:
        """At the end there is nobody any more to whom it could be left."""
        for _ in range(TRIES):
            state = self._host.state
            answer = perform(self.file, Write(state.notebook, state.revision, anew=False))
            match answer:
                case Wrote():
                    return True
                case Found(theirs):
                    self._kept.take_in(theirs)
                case _:
                    return False
        return False


def _is_written(message: object) -> bool:
    match message:
        case (bl.Pid(), Write(), _):
            return True
        case _:
            return False
