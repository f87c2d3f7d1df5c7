"""What a journal holds of a notebook whose program did not end as it should: exactly the state it was in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from beamlike.kernel.record import frozen
from notebook_tui.document.apply import apply
from notebook_tui.document.notebook import Notebook
from notebook_tui.document.operations import RuntimeDown
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from notebook_tui.session.askers import AskedFor, Askers
from notebook_tui.session.journal_file import NoJournal, read_records, set_aside
from notebook_tui.session.journal_records import Done, FileIs, Heard, Record, Saving, Snapshot, Together, decoded
from notebook_tui.session.operation_codec import Unreadable

ENDED = "the program that ran it has ended"


@frozen
class Recovered:
    state: State
    """With no runtime, whatever there was: that is gone."""
    applied: int
    digest: bytes | None
    """Of the file as that program saw it last."""
    base: Notebook
    """What was in the file then."""
    saving: Notebook | None
    """What it was just writing into the file, if it was."""
    notices: tuple[str, ...]
    heard: int = 0
    """So many messages of its runtime had led there."""
    asked: tuple[AskedFor, ...] = ()
    """Who had asked for the cells that waited or ran."""
    cut_off: State | None = None
    """What it was when the runtime ended with the program, if one did."""


def recover(journal: Path, *, runtime_stays: bool = False) -> tuple[Recovered | None, tuple[str, ...]]:
    """What the journal has, if there is one, and words for the user. One that cannot be used is kept aside. With
    `runtime_stays` the runtime that was connected is so again: it has outlived the program."""
    try:
        records = read_records(journal)
        recovered = _replayed(records.records, runtime_stays)
    except FileNotFoundError:
        return None, ()
    except OSError as error:
        return None, (f"{journal} cannot be read, so nothing is recovered from it: {error.strerror or error}",)
    except (NoJournal, Unreadable) as error:
        aside = set_aside(journal)
        return None, (f"nothing is recovered from the journal, which is kept as {aside}: {error}",)
    except _Broken as broken:
        aside = set_aside(journal)
        recovered = broken.recovered
        words = f"{broken} and all after it is left out; the journal is kept as {aside}"
        return recovered, (*recovered.notices, words)
    if recovered is None:
        return None, ()
    if records.torn:
        torn = f"the last {records.torn} bytes of the journal were not whole, as after a crash, and are left out"
        recovered = replace(recovered, notices=(*recovered.notices, torn))
    return recovered, recovered.notices


class _Broken(Exception):
    """An operation of the journal raises: a notebook must open all the same."""

    def __init__(self, words: str, recovered: Recovered) -> None:
        super().__init__(words)
        self.recovered = recovered


def _replayed(records: tuple[bytes, ...], runtime_stays: bool) -> Recovered | None:
    if not records:
        return None
    first = decoded(records[0])
    if not isinstance(first, Snapshot):
        raise Unreadable(f"expected a journal to begin with a state, found {type(first).__name__}")
    state, applied, digest = first.state, first.applied, first.digest
    base = state.notebook if first.base is None else first.base
    saving, rejected, heard = first.saving, 0, first.heard
    broken = ""
    askers = Askers(first.asked)
    for record in _one_by_one(map(decoded, records[1:])):
        match record:
            case Done(operation):
                try:
                    state, _ = apply(state, operation)
                except Rejected:
                    rejected += 1
                except Exception as error:
                    broken = (
                        f"{type(operation).__name__} in the journal cannot be done ({type(error).__name__}: {error})"
                    )
                    break
                askers.applied(operation)
                applied += 1
            case FileIs(digest, known):
                base, saving = state.notebook if known is None else known, None
            case Saving():
                saving = state.notebook
            case Heard(number):
                heard = number
            case AskedFor():
                askers.add(record)
    asked, cut_off = askers.going(state), None
    if not (runtime_stays and state.runtime.phase == "connected") and state.runtime.phase != "disconnected":
        cut_off = state
        state, _ = apply(state, RuntimeDown(ENDED))
    lost = (f"{rejected} operations of the journal make no sense any more and are left out",) if rejected else ()
    recovered = Recovered(state, applied, digest, base, saving, (*_found(state, base), *lost), heard, asked, cut_off)
    if broken:
        raise _Broken(broken, recovered)
    return recovered


def _one_by_one(records: Iterable[Record]) -> Iterator[Record]:
    for record in records:
        if isinstance(record, Together):
            yield from record.records
        else:
            yield record


def _found(state: State, base: Notebook) -> tuple[str, ...]:
    """What there is that the file has not, in words."""
    parts: list[str] = []
    if state.dirty:
        before = {cell.id: cell.source for cell in base.cells()}
        changed = sum(before.get(cell.id) != cell.source for cell in state.notebook.cells())
        parts.append(f"changes that were not saved ({_count(changed, 'cell')})" if changed else "unsaved changes")
    shown = sum(bool(cell.outputs) for cell in state.notebook.cells())
    if shown:
        parts.append(f"the outputs of {_count(shown, 'cell')}")
    if not parts:
        return ()
    return (f"recovered from the journal: {' and '.join(parts)}",)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
