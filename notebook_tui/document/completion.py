"""One proposal for the word at the caret, as the runtime makes it and the editor shows it."""

from __future__ import annotations

from typing import Literal, TypeAlias

from beamlike.kernel.record import frozen

CompletionKind: TypeAlias = Literal["variable", "function", "class", "module", "attribute", "keyword"]


@frozen
class Completion:
    label: str
    """What the list shows."""
    kind: CompletionKind
    insert: str
    """What takes the place of the identifier that stands before the caret."""
    detail: str = ""
    """A signature or a first line of documentation; may be empty."""
