"""The line that opens a block of PEP 723. Apart from what reads it, which takes long to import and is rarely needed."""

from __future__ import annotations

from typing import Final

OPENING: Final = "# /// script"
