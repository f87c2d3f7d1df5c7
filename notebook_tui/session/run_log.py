"""Who ran what in a notebook: a file of its own beside the journals, a line of JSON for each run, for its user alone.

It holds no text of any cell, only a digest of the one that ran. The newest runs are kept in memory for those who look.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.document.operations import Ending
from notebook_tui.document.state import State
from notebook_tui.session.askers import AskedFor
from notebook_tui.session.people import Person
from notebook_tui.session.state_directory import name_for, state_directory, state_path

logger = logging.getLogger("notebook_tui.session")

FOLDER: Final = "runs"
LARGEST: Final = 1_000_000
"""Bytes after which the file is put aside, in the place of the one before."""
KEPT: Final = 200
ITSELF: Final = Person("")
RunEnding: TypeAlias = Ending | Literal["aborted"]
"""Aborted: what it ran on was gone."""


@frozen
class Ran:
    at: float
    """When it was over, in seconds since the epoch."""
    person: str
    """Empty: the user of the account; by itself: nobody asked for it."""
    origin: str
    cell_id: str
    label: str
    digest: str
    """Of the text that ran."""
    ending: RunEnding
    by_itself: bool = False


class RunLog:
    """Of one session. `path` is None where nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._askers: dict[str, tuple[bl.Pid | None, Person]] = {}
        """Of the cells that wait or run, by id."""
        self.newest: deque[Ran] = deque(maxlen=KEPT)
        if path is not None:
            self.newest.extend(runs_in(path))

    def asked(self, viewer: bl.Pid | None, person: Person | None, before: State, state: State) -> AskedFor | None:
        """The cells that wait now, and did not before, do so because of them; None if there are none."""
        waited = {*before.queue, *before.running.values()} & self._askers.keys()
        cells = tuple(each for each in (*state.queue, *state.running.values()) if each not in waited)
        who = person or ITSELF
        self._askers.update(dict.fromkeys(cells, (viewer, who)))
        return AskedFor(cells, who.name, who.origin) if cells else None

    def recovered(self, asked: Iterable[AskedFor]) -> None:
        """They asked, of an earlier program."""
        for each in asked:
            person = Person(each.person, origin=each.origin)
            self._askers.update(dict.fromkeys(each.cell_ids, (None, person)))

    def going(self, state: State) -> tuple[AskedFor, ...]:
        """Who asked for the cells that wait or run there."""
        return tuple(
            AskedFor((cell_id,), self._askers[cell_id][1].name, self._askers[cell_id][1].origin)
            for cell_id in (*state.running.values(), *state.queue)
            if cell_id in self._askers
        )

    def runners(self, state: State) -> frozenset[bl.Pid]:
        """Whose cells wait or run."""
        going = {*state.queue, *state.running.values()}
        return frozenset(
            viewer for cell_id, (viewer, _) in self._askers.items() if viewer is not None and cell_id in going
        )

    def finished(self, cell_id: str, state: State, at: float, ending: Ending) -> None:
        self._over(cell_id, state, at, ending)
        self._forget_all_but(state)

    def cut_off(self, before: State, state: State, at: float) -> bool:
        """Whether cells that ran before do so no more, without an end of their own."""
        cut_off = set(before.running.values()) - set(state.running.values())
        for cell_id in cut_off:
            self._over(cell_id, before, at, "aborted")
        if cut_off:
            self._forget_all_but(state)
        return bool(cut_off)

    def _forget_all_but(self, state: State) -> None:
        going = {*state.queue, *state.running.values()}
        self._askers = {cell_id: who for cell_id, who in self._askers.items() if cell_id in going}

    def _over(self, cell_id: str, ran_in: State, at: float, ending: RunEnding) -> None:
        asker = self._askers.pop(cell_id, None)
        person = ITSELF if asker is None else asker[1]
        source = ran_in.evaluation(cell_id).source or ""
        label = ran_in.notebook.label(cell_id) if ran_in.notebook.has_cell(cell_id) else ""
        digest = hashlib.blake2b(source.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        ran = Ran(at, person.name, person.origin, cell_id, label, digest, ending, asker is None)
        self.newest.append(ran)
        if self._path is not None:
            try:
                append(self._path, ran)
            except OSError as error:
                logger.warning("who ran what is not kept any more: %s", error)
                self._path = None


def log_of(file: Path) -> Path:
    """Where the runs of the notebook in that file are logged, or would be."""
    return state_path() / FOLDER / f"{name_for(file)}.jsonl"


def append(path: Path, ran: Ran) -> None:
    """One line; the file is made if it is not there. OSError where that cannot be."""
    state_directory(FOLDER)
    line = json.dumps(asdict(ran), ensure_ascii=False) + "\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        file.write(line.encode("utf-8", "surrogatepass"))
        full = file.tell() > LARGEST
    if full:
        os.replace(path, _older(path))


def runs_in(path: Path) -> Iterator[Ran]:
    """Of that file and the one before it, the oldest first; a line that was not written whole is left out."""
    for each in (_older(path), path):
        try:
            text = each.read_text(encoding="utf-8", errors="replace")
        except OSError:  # there is none
            continue
        for line in text.split("\n"):  # and at nothing else that ends a line: a name may contain it
            try:
                known: dict[str, Any] = json.loads(line)
                yield Ran(**known)
            except (ValueError, TypeError):
                continue


def lines_of(runs: Iterable[Ran]) -> Iterator[str]:
    """For people, one a run.

    >>> list(lines_of([Ran(0.0, "ann", "key SHA256:x", "c", "3", "00ff", "ok")]))[0][20:]
    'ann (key SHA256:x)  cell 3  ok  00ff'
    """
    from time import localtime, strftime

    for ran in runs:
        who = "by itself" if ran.by_itself else ran.person or "owner"
        origin = f" ({ran.origin})" if ran.origin else ""
        when = strftime("%Y-%m-%d %H:%M:%S", localtime(ran.at))
        yield f"{when} {who}{origin}  cell {ran.label or ran.cell_id}  {ran.ending}  {ran.digest}"


def _older(path: Path) -> Path:
    return path.with_suffix(".older.jsonl")
