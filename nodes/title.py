"""The command line that other programs see of this process, as in a list of processes (Linux)."""

from __future__ import annotations

import ctypes
from pathlib import Path

_ARGUMENTS = slice(45, 47)
"""`arg_start` and `arg_end` of proc(5), counted behind the command's name, which may have anything in it."""


def set_title(title: str) -> None:
    """Puts it in place of the arguments that the process was started with, as far as there is room."""
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    except OSError:  # no Linux
        return
    start, end = map(int, fields[_ARGUMENTS])
    if start < end:  # else the system does not say where they are
        room = end - start
        ctypes.memmove(start, title.encode()[: room - 1].ljust(room, b"\0"), room)
