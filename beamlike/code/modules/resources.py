"""The files of a package that lies on another node, for `importlib.resources`: asked for when they are read."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from importlib.resources.abc import Traversable, TraversableResources
from typing import IO, Any, TypeAlias

from beamlike.code.modules.messages import Answer, Data, Folder, Missing, Refused

LookAtPath: TypeAlias = Callable[[tuple[str, ...], bool], Answer]
"""Asks for what lies at a path in the package, and with True for what is in it."""


class PackageResources(TraversableResources):
    def __init__(self, look_at: LookAtPath, package: str) -> None:
        self._look_at = look_at
        self._package = package

    def files(self) -> Resource:
        return Resource(self._look_at, self._package, ())


class Resource(Traversable):
    """A file or folder of it. OSError, where the origin has none such or cannot be asked."""

    def __init__(self, look_at: LookAtPath, package: str, path: tuple[str, ...]) -> None:
        self._look_at = look_at
        self._package = package
        self._path = path

    def __repr__(self) -> str:
        return f"<{'/'.join(self._path) or 'the files'} of the package {self._package}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Resource) and (self._package, self._path) == (other._package, other._path)

    def __hash__(self) -> int:
        return hash((self._package, self._path))

    @property
    def name(self) -> str:
        return self._path[-1] if self._path else self._package.rpartition(".")[2]

    def iterdir(self) -> Iterator[Resource]:
        match self._look_at(self._path, False):
            case Folder(entries):
                return (self._below(name) for name, _ in entries)
            case Data():
                raise NotADirectoryError(f"expected a folder, got the file {self}")
            case answer:
                raise _error(answer, str(self))

    def is_dir(self) -> bool:
        return isinstance(self._look_at(self._path, False), Folder)

    def is_file(self) -> bool:
        return isinstance(self._look_at(self._path, False), Data)

    def joinpath(self, *descendants: Any) -> Resource:
        """Of names, and of paths such as "a/b"; what leads out of the package finds nothing."""
        names = (name for it in descendants for name in str(it).split("/") if name not in ("", "."))
        return Resource(self._look_at, self._package, (*self._path, *names))

    def __truediv__(self, child: Any) -> Resource:
        return self.joinpath(child)

    def read_bytes(self) -> bytes:
        return contents_of(self._look_at(self._path, True), str(self))

    def read_text(self, encoding: str | None = None, errors: str | None = None) -> str:
        with io.TextIOWrapper(io.BytesIO(self.read_bytes()), encoding or "utf-8", errors) as text:
            return text.read()

    def open(self, mode: str = "r", *args: Any, **keywords: Any) -> IO[Any]:
        """Opens a copy of the file as it is now, to be read."""
        if mode not in ("r", "rb", "rt"):
            raise ValueError(f"expected to read {self}, got the mode {mode!r}")
        content = io.BytesIO(self.read_bytes())
        return content if mode == "rb" else io.TextIOWrapper(content, *args, **keywords)

    def _below(self, name: str) -> Resource:
        return Resource(self._look_at, self._package, (*self._path, name))


def contents_of(answer: Answer, what: str) -> bytes:
    """What is in the file that was asked for."""
    match answer:
        case Data(data):
            return data
        case Folder():
            raise IsADirectoryError(f"expected a file, got the folder {what}")
        case _:
            raise _error(answer, what)


def _error(answer: Answer, what: str) -> OSError:
    match answer:
        case Missing(reason):
            return FileNotFoundError(f"there is no {what}: its origin {reason}")
        case Refused(reason):
            return OSError(f"{what} {reason}")
        case _:
            return OSError(f"expected a file or folder, got {type(answer).__name__} for {what}")
