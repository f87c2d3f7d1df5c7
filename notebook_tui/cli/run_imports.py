"""The modules that lie beside a notebook and that it imports, found by reading, so also where an import fails."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from notebook_tui.session.storage import NotebookFile, UnreadableFile


def imported_beside(path: Path) -> frozenset[Path]:
    """The files that the imports of the notebook's cells, and of those files themselves, mean if they are there. Also
    those that are not there yet, for an import that fails may be what somebody is about to mend."""
    directory = path.resolve().parent
    try:
        notebook, _ = NotebookFile(path).read()
    except UnreadableFile:
        return frozenset()
    waiting = [name for cell in notebook.cells() if cell.runnable for name in imported_names(cell.source)]
    seen, found = set(waiting), set[Path]()
    while waiting:
        for file in _files(directory, waiting.pop()):
            if file not in found:
                found.add(file)
                new = set(imported_names(_text(file), _package(directory, file))) - seen
                seen |= new
                waiting += new
    return frozenset(found)


def imported_names(source: str, package: tuple[str, ...] = ()) -> Iterator[str]:
    """What the code imports wherever it stands in it, dotted. `package` is what a relative import starts from.

    >>> sorted(imported_names("import a.b, c\\nfrom d import e\\nfrom . import f", ("p",)))
    ['a.b', 'c', 'd', 'd.e', 'p', 'p.f']
    """
    for node in ast.walk(_parsed(source)):
        match node:
            case ast.Import(names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module, names, level):
                above = package[: max(0, len(package) - level + 1)] if level else ()
                base = ".".join([*above, *([module] if module else [])])
                if base:
                    yield base
                yield from (".".join(filter(None, (base, alias.name))) for alias in names if alias.name != "*")


def _parsed(source: str) -> ast.AST:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return ast.Module([], [])


def _files(directory: Path, name: str) -> Iterable[Path]:
    """Of the module and of the packages that it is in; one that is no package is a file."""
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        place = directory.joinpath(*parts[:length])
        yield place.parent / f"{place.name}.py"
        yield place / "__init__.py"


def _package(directory: Path, file: Path) -> tuple[str, ...]:
    return file.relative_to(directory).parent.parts


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
