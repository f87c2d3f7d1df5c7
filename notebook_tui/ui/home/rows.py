"""The list of home, as data: groups of what can be chosen. Pure: what there is, and what is typed, come in."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from time import localtime, strftime
from typing import Final

from notebook_tui.serve.board import Seen
from notebook_tui.session.shelf import Book
from notebook_tui.ui.choosing.rows import Entry, Heading, Row, Words
from notebook_tui.ui.home.found import File, Found

RECENT: Final = 9
"""So many are shown as long as nothing is looked for."""
WELCOME: Final = (
    "A notebook for Python, in your terminal. Its cells run",
    "beside it, on a server, or on a whole cluster.",
)


def rows_of(found: Found, typed: str, now: float) -> tuple[Row, ...]:
    """All rows, in order; with something typed, only entries that have all its words."""
    rows: list[Row] = []
    for heading, entries, note in _groups(found, typed, now):
        chosen = [entry for entry in entries if matches(entry, typed)]
        if not chosen and (typed or not note):
            continue
        rows += [Words()] if rows else []
        rows.append(heading)
        rows += [Words(line) for line in note if not typed]
        rows += chosen
    return tuple(rows) or (Words("Nothing here has these words. Esc shows everything."),)


def matches(entry: Entry, typed: str) -> bool:
    """
    >>> matches(Entry("book", "/tmp/cats.livemd", "Cats and dogs", "/tmp"), "dog tm")
    True
    """
    text = f"{entry.name} {entry.where} {os.path.basename(entry.path)}".casefold()
    return all(word in text for word in typed.casefold().split())


def _groups(found: Found, typed: str, now: float) -> Iterator[tuple[Heading, Sequence[Entry], Sequence[str]]]:
    starred = [_book(book, found, now) for book in found.books if book.starred]
    recent = [_book(book, found, now) for book in found.books if not book.starred]
    if not found.books:
        tour = [Entry("example", str(each.path), "Take the tour", each.title, mark="▷") for each in found.examples[:1]]
        new = [Entry("new", "", "New notebook", mark="+")] if found.makes else []
        yield Heading("Welcome"), [*tour, *new], (*WELCOME, "")
    yield Heading("Held by servers", "they go on without a terminal"), [_served(each, now) for each in found.served], ()
    yield Heading("Open in other terminals"), [_open(found, number, now) for number in range(len(found.open))], ()
    yield Heading("Starred"), starred, ()
    yield Heading("Recent"), recent if typed else recent[:RECENT], ()
    files = [_file(file, found.directory, now) for file in found.files]
    yield Heading("Files", short(found.directory)), files, [] if files else [found.trouble or _empty(found)]
    named = [Entry("example", str(each.path), each.title, each.path.name, mark="▷") for each in found.examples]
    yield Heading("Examples", "opened as copies of your own"), named, ()


def _empty(found: Found) -> str:
    return "No notebooks and no folders here." + (" n makes a notebook." if found.makes else "")


def _book(book: Book, found: Found, now: float) -> Entry:
    missing = book.path in found.missing
    path = Path(book.path)
    name = book.title or path.name
    when = "missing" if missing else ago(book.at, now)
    mark = "★" if book.starred else " "
    return Entry("book", book.path, name, short(path), when, mark, missing)


def _open(found: Found, number: int, now: float) -> Entry:
    opened = found.open[number]
    title = next((book.title for book in found.books if book.path == opened.path), "")
    who = opened.terminal or f"process {opened.pid}"
    when = f"{who}, {ago(opened.since, now)}"
    return Entry("open", opened.path, title or Path(opened.path).name, short(Path(opened.path)), when, "●")


def _who(people: Iterable[str]) -> str:
    """Home is shown over SSH, too, where whoever has no name is another than who looks.

    >>> _who(["", "ann", ""]), _who([])
    ('owner ×2, ann', 'nobody looks')
    """
    names = Counter(name or "owner" for name in people)
    return ", ".join(f"{name} ×{count}" if count > 1 else name for name, count in names.items()) or "nobody looks"


def _served(session: Seen, now: float) -> Entry:
    path = Path(session.path)
    runs = [f"runs {', '.join(session.running)}"] if session.running else []
    queued = [f"{session.queued} queued"] if session.queued else []
    when = " · ".join([*runs, *queued, _who(session.people), f"since {ago(session.since, now)}"])
    return Entry("served", session.path, session.title or path.name, short(path), when, "⇄")


def _file(file: File, directory: Path, now: float) -> Entry:
    path = str(directory / file.name)
    if file.is_folder:
        return Entry("folder", path, f"{file.name}/", mark="▸")
    return Entry("file", path, file.name, when=ago(file.changed_at, now))


def short(path: Path) -> str:
    """As people write it.

    >>> short(Path.home() / "notebooks" / "cats.livemd")
    '~/notebooks/cats.livemd'
    """
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path != home and path.is_relative_to(home) else str(path)


def ago(at: float, now: float) -> str:
    """
    >>> ago(0, 90), ago(1000, 1030), ago(1000, 1000 + 7200), ago(1000, 1000 + 90000)
    ('', 'just now', '2 h ago', 'yesterday')
    """
    seconds = now - at
    if not at:
        return ""
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{int(seconds // 60)} min ago"
    if seconds < 86400:
        return f"{int(seconds // 3600)} h ago"
    if seconds < 2 * 86400:
        return "yesterday"
    if seconds < 14 * 86400:
        return f"{int(seconds // 86400)} days ago"
    return strftime("%d %b %Y", localtime(at)).lstrip("0")
