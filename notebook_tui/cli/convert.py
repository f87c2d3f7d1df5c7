"""`beamlike convert IN OUT`: a notebook as another kind of file. Which kind, the endings of the two names say."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from notebook_tui.cli.main import UserError
from notebook_tui.session.whole_files import replace_file

if TYPE_CHECKING:
    from notebook_tui.document.notebook import Notebook

_READ = (".livemd", ".md", ".ipynb", ".py")
_WRITTEN = (".livemd", ".md", ".ipynb", ".py", ".html")
PICTURES = 64 * 2**20
"""The most bytes of pictures that a page takes from files beside the notebook."""


class NotWritten(OSError):
    """The file could not be made; the message says why."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="IN", help="a notebook: .livemd or other Markdown, .ipynb, or .py")
    parser.add_argument("target", metavar="OUT", help="the file to make: .livemd, .md, .ipynb, .py or .html")
    parser.add_argument("--force", action="store_true", help="replace OUT if it exists")
    parser.add_argument("--no-outputs", action="store_true", help="leave out what cells printed and showed")
    parser.epilog = (
        "exit status: 0 OUT was written (what IN has that is odd is said on stderr), 1 it could not be written,\n"
        "2 wrong usage or unreadable file\n\n"
        "examples: beamlike convert analysis.ipynb analysis.livemd\n"
        "          beamlike convert docs/notebooks/tour.livemd /tmp/tour.html"
    )
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    source, target = Path(options.source), Path(options.target)
    _check_kinds(source, target)
    _check_target(source, target, force=options.force)
    notebook, warnings = read_notebook(source)
    for warning in warnings:
        print(f"beamlike: {source}: {warning}", file=sys.stderr)
    if options.no_outputs:
        from notebook_tui.format.stills import outputs_dropped

        notebook = outputs_dropped(notebook)
    make(target, text_for(target, notebook, source), force=options.force)
    return 0


def _check_kinds(source: Path, target: Path) -> None:
    if _kind(source) == ".html":
        raise UserError(f"{source}: a page cannot become a notebook again; expected one of {', '.join(_READ)}")
    _check_kind(source, _READ)
    _check_kind(target, _WRITTEN)


def _check_kind(path: Path, kinds: tuple[str, ...]) -> None:
    if _kind(path) not in kinds:
        found = f"found {path.suffix}" if path.suffix else "found none"
        raise UserError(f"{path}: expected a name that ends in one of {', '.join(kinds)}, {found}")


def check_notebook_target(target: Path) -> None:
    """UserError if no notebook can be written there, because of its kind or its place."""
    _check_kind(target, _WRITTEN)
    check_place(target)


def check_place(target: Path) -> None:
    """UserError if no file can be made there."""
    if target.is_dir():
        raise UserError(f"{target} is a directory; expected the name of a file to make")
    if not target.absolute().parent.is_dir():
        raise UserError(f"{target}: there is no directory {target.absolute().parent}")


def _kind(path: Path) -> str:
    kind = path.suffix.lower()
    return {".htm": ".html", ".markdown": ".md"}.get(kind, kind)


def _check_target(source: Path, target: Path, *, force: bool) -> None:
    check_place(target)
    if target.exists() and source.exists() and target.samefile(source):
        raise UserError(f"{target} is the file to read; expected another to write")
    if not force and os.path.lexists(target):
        raise _taken(target)


def _taken(target: Path) -> UserError:
    return UserError(f"{target} exists already; to replace it: --force")


def read_notebook(source: Path) -> tuple[Notebook, tuple[str, ...]]:
    from notebook_tui.format.decode import NotANotebook, decode

    try:
        return _reader(_kind(source))(decode(source.read_bytes()))
    except NotANotebook as error:
        raise UserError(f"{source} is no notebook: {error}") from error
    except OSError as error:
        words = (error.strerror or str(error)).lower()
        raise UserError(f"{source}: {words}; expected the path of a notebook") from error


def _reader(kind: str) -> Callable[[str], tuple[Notebook, tuple[str, ...]]]:
    match kind:
        case ".ipynb":
            from notebook_tui.format.ipynb import read_ipynb

            return read_ipynb
        case ".py":
            from notebook_tui.format.percent import read_percent

            return read_percent
        case _:
            from notebook_tui.format.markdown_read import read

            return read


def text_for(target: Path, notebook: Notebook, source: Path, *, outputs: bool | None = None) -> str:
    """The notebook that was read from `source` as what `target` is by its name. `outputs` says of Markdown, which
    holds them only where the notebook asks for it, whether it does."""
    match _kind(target):
        case ".ipynb":
            from notebook_tui.format.ipynb import write_ipynb

            return write_ipynb(notebook)
        case ".py":
            from notebook_tui.format.percent import write_percent

            return write_percent(notebook)
        case ".html":
            from notebook_tui.format.html_write import pictures_of, write_html

            return write_html(notebook, _pictures(source.parent / "files", pictures_of(notebook)))
        case _:
            from notebook_tui.format.markdown_write import write

            return write(notebook, outputs=outputs)


def _pictures(folder: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    """Those files that there are. A link could lead anywhere: a notebook of a stranger is not followed."""
    found: dict[str, bytes] = {}
    room = PICTURES
    for name in names:
        path = folder / name
        if folder.is_symlink() or path.is_symlink() or not path.is_file():
            continue
        room -= path.stat().st_size
        if room >= 0:
            found[name] = path.read_bytes()
        else:
            print(f"beamlike: {path} is left out: the pictures are too large together", file=sys.stderr)
    return found


def make(target: Path, text: str, *, force: bool) -> None:
    """The file whole or not at all, and without `force` none that somebody else made meanwhile."""
    path = target.resolve() if force else target
    try:
        new = _reserved(path, force=force)
        try:
            replace_file(path, text.encode("utf-8"))
        except BaseException:
            if new:
                path.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise NotWritten(f"{target} could not be written: {(error.strerror or str(error)).lower()}") from error


def _reserved(path: Path, *, force: bool) -> bool:
    """Whether the file is new: an empty one with the rights that a new file has."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except FileExistsError as error:
        if not force:
            raise _taken(path) from error
        return False
    return True
