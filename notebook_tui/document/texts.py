"""A cell's text while several type in it: its revisions, and the changes that somebody has not seen yet.

A client sends a change of the text that it has, and which revision that is. The change is transformed past all that
was accepted meanwhile, and becomes the next revision; every client does the same with what it has sent and not heard
of again (`delta.transform`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace

from beamlike.kernel.record import frozen
from notebook_tui.document import delta as deltas
from notebook_tui.document.delta import Delta
from notebook_tui.document.rejected import Rejected


@frozen
class Text:
    revision: int = 0
    deltas: tuple[Delta, ...] = ()
    """The newest changes, the last of which made `revision`: as far back as a client may still need them."""
    seen: Mapping[str, int] = field(default_factory=dict)
    """The revision that each client is known to have."""

    @property
    def oldest(self) -> int:
        """The oldest revision of which a change can still be taken."""
        return self.revision - len(self.deltas)


def taken_in(text: Text, delta: Delta, revision: int) -> Delta:
    """The change, made for the text at `revision`, for the text that there is now."""
    _check_revision(text, revision)
    for accepted in text.deltas[revision - text.oldest :]:
        delta = deltas.transform(accepted, delta)
    return delta


def changed(text: Text, delta: Delta) -> Text:
    return replace(text, revision=text.revision + 1, deltas=(*text.deltas, delta))


def seen(text: Text, client_id: str, revision: int) -> Text:
    """The client has this revision; what nobody needs any more is forgotten."""
    _check_revision(text, revision)
    return _trimmed(replace(text, seen={**text.seen, client_id: revision}))


def joined(text: Text, client_id: str) -> Text:
    return replace(text, seen={**text.seen, client_id: text.revision})


def left(text: Text, client_id: str) -> Text:
    return _trimmed(replace(text, seen={other: known for other, known in text.seen.items() if other != client_id}))


def _trimmed(text: Text) -> Text:
    needed = text.revision - min(text.seen.values(), default=text.revision)
    return replace(text, deltas=text.deltas[len(text.deltas) - needed :]) if needed < len(text.deltas) else text


def _check_revision(text: Text, revision: int) -> None:
    if revision > text.revision:
        raise Rejected(f"expected a revision of the text up to {text.revision}, got {revision}")
    if revision < text.oldest:
        raise Rejected(f"revision {revision} of the text is too old: what changed since {text.oldest} is known only")
