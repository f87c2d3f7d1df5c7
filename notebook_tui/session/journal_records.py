"""What a journal is made of: a state, the operations after it, and what the file held meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.document.notebook import Notebook
from notebook_tui.document.operations import Operation
from notebook_tui.document.state import State
from notebook_tui.session.askers import AskedFor
from notebook_tui.session.operation_codec import Codec, pack
from notebook_tui.session.redaction import redacted


@frozen
class Snapshot:
    """A journal begins with one: all that was before."""

    state: State
    applied: int
    """So many operations had led to it."""
    digest: bytes | None = None
    """Of the file as it was last read or written; None while there is none."""
    base: Notebook | None = None
    """What stood in the file, with the ids that its cells have here; None: what `state` has."""
    saving: Notebook | None = None
    """What was about to be written into it."""
    heard: int = 0
    """So many messages of the runtime have led to it."""
    asked: tuple[AskedFor, ...] = ()
    """Who asked for the cells that wait or run."""


@frozen
class Done:
    operation: Operation


@frozen
class FileIs:
    """The file is known to hold this notebook, or the one of the state that is reached here."""

    digest: bytes
    base: Notebook | None = None


@frozen
class Saving:
    """The notebook of the state that is reached here is about to be written into the file: after a crash that may hold
    it, or not yet."""


@frozen
class Heard:
    """So many messages of the runtime have led to the state that is reached here."""

    number: int


@frozen
class Together:
    """All of these, or none: what a merge did, and what is in the file since; cells that are to run, and who asked for
    them."""

    records: tuple[Done | FileIs | AskedFor, ...]


Record: TypeAlias = Snapshot | Done | FileIs | Saving | Heard | AskedFor | Together


@cache
def _codec() -> Codec:
    """Made when there is something to keep: it goes through all types that there are."""
    return Codec(Record)


def encoded(record: Record, secrets: Mapping[str, str]) -> bytes:
    plain = _codec().to_plain(record)
    return pack(redacted(plain, secrets))


def decoded(data: bytes) -> Record:
    """`Unreadable` in words if a newer version wrote it."""
    record: Record = _codec().decode(data)
    return record
