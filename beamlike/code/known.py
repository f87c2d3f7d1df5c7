"""A source that an interpreter knows, and its lines in tracebacks."""

from __future__ import annotations

import linecache
from dataclasses import field
from datetime import UTC, datetime
from io import StringIO

from beamlike.code.claims import Claims
from beamlike.code.live_code import LiveCode
from beamlike.code.source import Place, Source
from beamlike.kernel.record import slotted


@slotted
class Known:
    """A source, and what keeps it."""

    source: Source
    live: LiveCode[Place]
    origin: str | None
    """The node that sent it; None if it was written here."""
    retired_at: int
    """Which retirement was the last before it came, or its own."""
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    claims: Claims = field(default_factory=Claims)

    @property
    def is_kept(self) -> bool:
        return self.claims.is_kept(alive=bool(self.live))


def show_in_tracebacks(source: Source) -> None:
    # The last line ends too, as in a file: `traceback` counts on it when it places carets.
    text = source.text if source.text.endswith(("\n", "\r")) else source.text + "\n"
    lines = StringIO(text, newline=None).readlines()
    # No modification time: such an entry is never checked against the disk.
    linecache.cache[source.filename] = (len(source.text), None, lines, source.filename)


def hide_from_tracebacks(source: Source) -> None:
    linecache.cache.pop(source.filename, None)
