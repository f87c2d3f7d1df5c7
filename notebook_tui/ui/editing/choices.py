"""What a user may choose of the editor; the settings set it, and the editor looks at it with every key."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class EditingChoices:
    completes_while_typing: bool = True
    """Whether proposals come by themselves, and not only when Tab or Ctrl+Space asks for them."""
    shows_signatures: bool = True
    """Whether a bracket that opens a call shows what the function takes."""
    closes_brackets: bool = True
    """Whether the second of a pair comes with the first."""
