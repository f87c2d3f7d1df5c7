"""Whether the code of the notebook may run: its user wrote it, or has said so. Until then nothing runs at all.

Only code counts: who changes prose asks for nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from beamlike.kernel.record import frozen
from notebook_tui.document.attributes import is_on
from notebook_tui.document.effects import Effect, RememberTrust
from notebook_tui.document.notebook import Cell, Notebook
from notebook_tui.document.state import State

NOT_TRUSTED = (
    "nothing of this notebook runs yet: somebody else may have written its code, and nobody has said that it may run"
)
"""Why a run is refused."""


@frozen
class Code:
    """What there is to be trusted, for the eyes of who is asked."""

    cells: int
    automatic: int
    """Those that run again by themselves."""
    elsewhere: int
    """Those that run on another node."""


def code_digest(notebook: Notebook) -> str:
    """The same for notebooks whose code is the same; empty for one without any.

    >>> from notebook_tui.document.notebook import Section
    >>> def one(kind, source): return Notebook(sections=(Section("s", "S", (Cell("c", kind, source),)),))
    >>> code_digest(one("code", "1 + 1")) == code_digest(one("code", "1 + 2"))
    False
    >>> code_digest(one("markdown", "# Cats"))
    ''
    """
    digest = hashlib.blake2b(digest_size=16)
    empty = True
    for cell in _code(notebook):
        empty = False
        automatic, node = is_on(cell.metadata, "reevaluate_automatically"), cell.metadata.get("node", "")
        for part in (cell.language, str(automatic), str(node), cell.source.strip()):
            data = part.encode("utf-8", "surrogatepass")
            digest.update(b"%d " % len(data) + data)
    return "" if empty else digest.hexdigest()


def code_of(notebook: Notebook) -> Code:
    """
    >>> code_of(Notebook(setup=Cell("setup", "code", "import this")))
    Code(cells=1, automatic=0, elsewhere=0)
    """
    cells = list(_code(notebook))
    automatic = sum(is_on(cell.metadata, "reevaluate_automatically") for cell in cells)
    return Code(len(cells), automatic, sum(bool(cell.metadata.get("node")) for cell in cells))


def given(state: State, *, folder: bool) -> tuple[State, tuple[Effect, ...]]:
    """The user says that the code may run."""
    return replace(state, trusted=True), (RememberTrust(folder),)


def withdrawn(state: State) -> State:
    """Somebody else has changed the code: what waits is not run; what runs is what the user has asked for."""
    return replace(state, trusted=False, queue=(), alone=frozenset())


def _code(notebook: Notebook) -> Iterator[Cell]:
    """What runs, or says what is installed before."""
    pyproject = notebook.pyproject
    for cell in notebook.cells():
        if (cell.runnable or cell is pyproject) and cell.source.strip():
            yield cell
