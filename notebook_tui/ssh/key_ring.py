"""The files that say who may come in, read again when they change: `authorized_keys`, and `keys.d/*.keys` beside it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from notebook_tui.session.profiles import settings_path
from notebook_tui.ssh.keys import NoKey, Trusted, read_keys

FILE: Final = "authorized_keys"
FOLDER: Final = "keys.d"
_ENDING: Final = ".keys"
_LARGEST: Final = 4_000_000

Stamp = tuple[tuple[str | int, ...], ...]


def default_file() -> Path:
    """Beside the user's other settings."""
    return settings_path().with_name(FILE)


class KeyRing:
    """Blocks on the disk for as long as a few small files take."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.folder = file.parent / FOLDER
        self.trouble: tuple[str, ...] = ()
        """What was wrong with the files when they were read last, one sentence each."""
        self._trusted: dict[str, list[Trusted]] = {}
        self._stamp: Stamp | None = None
        self.look()

    @property
    def count(self) -> int:
        """Of keys."""
        return len(self._trusted)

    def look(self) -> bool:
        """Whether the files have changed since; then they have been read."""
        stamp = self._stamped()
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        trouble: list[str] = []
        trusted: dict[str, list[Trusted]] = {}
        for path in (self.file, *self._owned(trouble)):
            for key in self._read(path, trouble):
                trusted.setdefault(key.fingerprint, []).append(key)
        self._trusted, self.trouble = trusted, tuple(trouble)
        return True

    def find(self, fingerprint: str, address: str, now: float) -> Trusted | str:
        """What that key opens to somebody at that address at that time; a sentence says why it opens nothing."""
        refusals = []
        for key in self._trusted.get(fingerprint, ()):
            if not (refusal := key.refusal(address, now)):
                return key
            refusals.append(refusal)
        return "; ".join(refusals) or "the key is not known"

    def _owned(self, trouble: list[str] | None = None) -> list[Path]:
        """Files of the keys of one person each, who is called as the file is. With `trouble`, where it is told, none
        of a folder in which others could lay a link to some file of the user's."""
        try:
            if trouble is not None and (refusal := _unsafe(self.folder.stat())):
                trouble.append(f"{self.folder}: {refusal}; no key in it is taken")
                return []
            return sorted(path for path in self.folder.iterdir() if path.suffix == _ENDING)
        except OSError:
            return []

    def _stamped(self) -> Stamp:
        found = []
        for path in (self.file, self.folder, *self._owned()):
            try:
                seen = path.stat()
            except OSError:
                continue
            # Not when it was written last: who has heard that others can write it changes nothing but its mode.
            found.append((str(path), seen.st_ctime_ns, seen.st_size, seen.st_ino))
        return tuple(found)

    def _read(self, path: Path, trouble: list[str]) -> list[Trusted]:
        owner = path.stem if path.suffix == _ENDING else ""
        try:
            with path.open("rb") as file:
                if refusal := _unsafe(os.fstat(file.fileno())):
                    trouble.append(f"{path}: {refusal}; none of its keys is taken")
                    return []
                text = file.read(_LARGEST).decode("utf-8", "replace")
        except FileNotFoundError:
            return []
        except OSError as error:
            trouble.append(f"{path} cannot be read: {error.strerror or error}")
            return []
        keys = []
        for found in read_keys(text, owner):
            if isinstance(found, NoKey):
                trouble.append(f"{path}, {found}")
            else:
                keys.append(found)
        return keys


def _unsafe(seen: os.stat_result) -> str:
    """Whoever can write the file can let themselves in."""
    if seen.st_uid not in (os.getuid(), 0):
        return "it belongs to another user"
    if seen.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "others can write it (chmod go-w)"
    return ""
