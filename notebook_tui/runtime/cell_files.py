"""Which cell the code of a file name came from, as the cell is or once was: for tracebacks, and for interrupts."""

from __future__ import annotations

from beamlike.code.sources import SOURCES


class CellFiles:
    """One for all containers of a notebook. A file is forgotten when none of its code is alive. Safe from any thread:
    a mapping that was handed out is never changed.

    >>> files = CellFiles()
    >>> files.add("<cell>", "cell 1", "id-1")
    >>> "<cell>" in files, files.names, files.ids
    (True, {'<cell>': 'cell 1'}, {'<cell>': 'id-1'})
    """

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        """What tracebacks call the cell."""
        self.ids: dict[str, str] = {}

    def __contains__(self, filename: str) -> bool:
        return filename in self.names

    def add(self, filename: str, name: str, cell_id: str) -> None:
        self.names = {file: of for file, of in self.names.items() if SOURCES.shows(file)} | {filename: name}
        self.ids = {file: of for file, of in self.ids.items() if file in self.names} | {filename: cell_id}
