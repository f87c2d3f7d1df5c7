"""The notebook file on disk: read whole, written atomically, and never over somebody else's changes.

A session merges those (`disk`, `merge`); who cannot finds its own text in a file beside.
"""

from __future__ import annotations

import hashlib
import shlex
from itertools import chain, count
from pathlib import Path

from beamlike.kernel.record import frozen
from notebook_tui.document.notebook import Notebook
from notebook_tui.format.decode import NotANotebook, decode
from notebook_tui.format.markdown_read import read
from notebook_tui.format.markdown_write import write
from notebook_tui.session.whole_files import replace_file

_OTHER_KINDS = {
    ".ipynb": "a Jupyter notebook",
    ".py": "a Python file",
    ".html": "a page",
    ".htm": "a page",
}
"""Read as Markdown such a file has no cells, and a save would be the end of it."""


class UnreadableFile(OSError):
    """The file cannot be opened as a notebook; the message says what was found and what to do."""


class ChangedOnDisk(OSError):
    """Somebody else wrote the file since it was read; ours went to a file beside it."""


@frozen
class Theirs:
    """What somebody else has put into the file."""

    notebook: Notebook
    warnings: tuple[str, ...]
    digest: bytes


class NotebookFile:
    """One `.livemd` file. It may not exist yet: then the notebook is empty and the first save makes it."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._known: bytes | None = None
        """The digest of the file as it was last read or written; None while there is none."""
        self._beside: Path | None = None

    def read(self) -> tuple[Notebook, tuple[str, ...]]:
        """The notebook and warnings about its text. UnreadableFile says what is wrong with the file."""
        try:
            if self.path.is_dir():
                raise UnreadableFile(f"{self.path} is a directory; expected a notebook file, such as notebook.livemd")
            _refuse_other_kinds(self.path)
            if not self.path.exists():
                return self._new()
            data = self.path.read_bytes()
            notebook, warnings = read(decode(data))
        except NotANotebook as error:
            raise UnreadableFile(f"{self.path} is no notebook: {error}") from error
        except UnreadableFile:
            raise
        except OSError as error:
            raise UnreadableFile(f"{self.path} cannot be read: {error.strerror or error}") from error
        self._known = digest_of(data)
        return notebook, warnings

    @property
    def identity(self) -> Path:
        """What its lock and its journal are called after."""
        return self.path

    @property
    def digest(self) -> bytes | None:
        return self._known

    def taken_for_known(self, digest: bytes | None) -> None:
        """What the file held when an earlier session, or a merge, saw it last."""
        self._known = digest

    def theirs(self) -> Theirs | None:
        """What somebody else has written into it since; None if it is as we know it. UnreadableFile if it is no
        notebook, FileNotFoundError if it was there and is no more."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            if self._known is None:
                return None
            raise
        if digest_of(data) == self._known:
            return None
        try:
            return Theirs(*read(decode(data)), digest_of(data))
        except NotANotebook as error:
            raise UnreadableFile(f"{self.path} is no notebook any more: {error}") from error

    def store(self, notebook: Notebook, *, anew: bool = False) -> Theirs | None:
        """Replaces the file in one step, unless somebody else has changed it: then that is returned. One that was
        removed is written again only with `anew`; else FileNotFoundError."""
        data = file_data(notebook)
        try:
            theirs = self.theirs()
        except FileNotFoundError:
            if not anew:
                raise
            theirs = None
        if theirs is not None and theirs.digest != digest_of(data):
            return theirs
        replace_file(self.path, data)
        self._known = digest_of(data)
        return None

    def check_new_name(self) -> None:
        """For a file that is to be made. OSError if its name says that it is no `.livemd` file."""
        kind = _OTHER_KINDS.get(self.path.suffix.lower())
        if kind is not None:
            raise OSError(
                f"{self.path} would be {kind}; expected the name of a .livemd file, of which beamlike convert "
                "makes the other kinds"
            )

    def _new(self) -> tuple[Notebook, tuple[str, ...]]:
        directory = self.path.absolute().parent
        if not directory.is_dir():
            raise UnreadableFile(f"{self.path}: there is no directory {directory}")
        return Notebook(), ()

    def write(self, notebook: Notebook) -> None:
        """Replaces the file in one step. ChangedOnDisk if it is not as we last saw it; ours is then beside it."""
        data = file_data(notebook)
        found = self._found()
        if found != self._known and found != digest_of(data):
            self._beside = self._beside or _free_beside(self.path)
            replace_file(self._beside, data)
            raise ChangedOnDisk(
                f"{self.path} was changed by another program since it was opened; yours is saved as {self._beside}. "
                "Compare the two, and open the one that is right"
            )
        replace_file(self.path, data)
        self._known = digest_of(data)

    def _found(self) -> bytes | None:
        return digest_of(self.path.read_bytes()) if self.path.exists() else None


def _refuse_other_kinds(path: Path) -> None:
    suffix = path.suffix.lower()
    if suffix not in _OTHER_KINDS:
        return
    words = f"{path} is {_OTHER_KINDS[suffix]}; expected a .livemd file"
    if suffix in (".ipynb", ".py"):
        words += f", which you get by: beamlike convert {shlex.join([str(path), str(path.with_suffix('.livemd'))])}"
    raise UnreadableFile(words)


def file_data(notebook: Notebook) -> bytes:
    """What a save puts into the file."""
    return write(notebook).encode("utf-8")


def write_copy(path: str | Path, text: str) -> None:
    """The text, in place of whatever is at `path`: who names a file for outputs means that one."""
    replace_file(Path(path), text.encode("utf-8"))


def _free_beside(path: Path) -> Path:
    """A name for what must not overwrite `path`, nor what an earlier session put beside it."""
    names = (f"{path.stem}.unsaved{number}{path.suffix}" for number in chain([""], map("-{}".format, count(2))))
    return next(beside for beside in map(path.with_name, names) if not beside.exists())


def digest_of(data: bytes) -> bytes:
    """Of what a file holds."""
    return hashlib.blake2b(data, digest_size=16).digest()
