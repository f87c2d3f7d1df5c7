"""What a terminal shows of a text."""

from __future__ import annotations


def shown(text: str) -> list[str]:
    """The lines as a terminal leaves them, for text without escapes."""
    lines = []
    for line in text.split("\n"):
        cells: list[str] = []
        for part in line.split("\r"):
            cells[: len(part)] = part
        lines.append("".join(cells))
    return lines
