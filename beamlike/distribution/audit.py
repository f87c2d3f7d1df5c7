"""Every evaluation by somebody from outside is written down: who, when, and what.

It goes to the log `beamlike.audit`, as a warning, so that it is seen where nobody has set up logging; the record's
`audit` is the entry. With BEAMLIKE_AUDIT_FILE in the environment it goes to that file as well, one JSON object a line.
The file is opened for each line, so that it may be moved away at any time.

Who evaluates is known by its node, its address and the secret it holds. Its user's name is what it says. An entry is
written before anything runs; whoever may evaluate could change the log afterwards, but not before that it has said so.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from contextvars import Context
from dataclasses import asdict
from datetime import UTC, datetime

from beamlike.kernel.record import frozen

logger = logging.getLogger("beamlike.audit")

FILE_VARIABLE = "BEAMLIKE_AUDIT_FILE"
LONGEST_IN_LOG = 500
LONGEST_IN_FILE = 10_000
"""Characters of source that an entry shows; the digest is of all."""


@frozen
class Visitor:
    """Who does something here from another node."""

    node: str
    user: str
    """As that node says."""
    address: str
    role: str


@frozen
class Entry:
    when: str
    """In UTC, by the clock of this machine."""
    here: str
    """The node on which it happens."""
    node: str
    user: str
    address: str
    role: str
    what: str
    """"attach", "cell", "eval", "shell", "inject" or "detach"."""
    source: str
    size: int
    """Characters of the whole source."""
    sha256: str

    def __str__(self) -> str:
        """
        >>> visitor = Visitor("notebook-7@127.0.0.1", "ada", "10.0.0.9", "evaluate")
        >>> print(entry(visitor, "app@10.0.0.5", "eval", "1 + 1", now=datetime.fromtimestamp(0, UTC)))
        eval on app@10.0.0.5 by ada at notebook-7@127.0.0.1 (10.0.0.9, evaluate): '1 + 1' (sha256 72fce59447a0)
        """
        shown = repr(self.source[:LONGEST_IN_LOG]) + ("..." if self.size > LONGEST_IN_LOG else "")
        who = f"{self.user} at {self.node} ({self.address}, {self.role})"
        did = f"{self.what} on {self.here} by {who}"
        return f"{did}: {shown} (sha256 {self.sha256[:12]})" if self.size else did


def entry(visitor: Visitor, here: str, what: str, source: str, *, now: datetime) -> Entry:
    """What is to be written down."""
    digest = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
    shown = source[:LONGEST_IN_FILE]
    who = (visitor.node, _one_line(visitor.user), visitor.address, visitor.role)
    return Entry(now.isoformat(timespec="milliseconds"), here, *who, what, shown, len(source), digest)


def write(
    visitor: Visitor, here: str, what: str, source: str = "", environment: Mapping[str, str] = os.environ
) -> Entry:
    """Writes it down. OSError if there is to be a file and it cannot be written: then nothing is to be evaluated."""
    made = entry(visitor, here, what, source, now=datetime.now(UTC))
    # Without a group leader: what handlers print is for this program, and not for the visitor.
    Context().run(logger.warning, "%s", made, extra={"audit": made})
    path = environment.get(FILE_VARIABLE)
    if path:
        _append(path, json.dumps(asdict(made), ensure_ascii=True) + "\n")
    return made


def _append(path: str, line: str) -> None:
    # No link is followed at the end of the path, where others may write into the folder.
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def _one_line(text: str) -> str:
    """A name that another node says: it is to look like nothing else in the log.

    >>> _one_line("ada\\nroot at admin@h")
    'ada?root?at?admin@h'
    """
    return "".join(letter if letter.isprintable() and not letter.isspace() else "?" for letter in text[:64]) or "?"
