"""Where the palette's commands come from: keys, the notebook's sections and cells, other notebooks, themes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from notebook_tui.document.notebook import Cell
from notebook_tui.document.state import State
from notebook_tui.session.shelf import Books
from notebook_tui.ui.finding.command import Command
from notebook_tui.ui.keys.key import Key, pretty
from notebook_tui.ui.keys.roles import role_of

if TYPE_CHECKING:
    from notebook_tui.ui.app import NotebookApp

_LONGEST = 60
_MODES = ("navigation", "anywhere")


def commands_of(app: NotebookApp) -> tuple[Command, ...]:
    """All that can be done now."""
    from notebook_tui.session.shelf import books

    found: list[Command] = []
    if (screen := app.notebook_screen) is not None:
        modes = (*_MODES, "insert") if screen.is_editing else _MODES
        may = screen.client.person.may
        found += of_keys((key for key in screen.table.rows if may(role_of(key.action))), screen.action_do, modes)
        found += of_places(screen.client.state, screen.go_to)
    elif (home := app.home_screen) is not None:
        from notebook_tui.ui.keys.home import home_keys

        found += of_keys(home_keys(makes=home.found.makes), home.action_do)
    if app.house is not None:
        found += of_books(books(), app.open_notebook, app.client.state.path if app.client is not None else None)
    found += of_themes(app.available_themes, app.theme, partial(setattr, app, "theme"))
    return tuple(found)


def of_keys(keys: Iterable[Key], do: Callable[[str], None], modes: Sequence[str] = _MODES) -> Iterator[Command]:
    """An action stands once, with all its keys; what means nothing in these modes is left out."""
    labels: dict[str, list[str]] = {}
    first: dict[str, Key] = {}
    for key in keys:
        if key.mode in modes and key.action != "app.command_palette":
            first.setdefault(key.action, key)
            labels.setdefault(key.action, []).extend(pretty(each) for each in key.keys)
    for action, key in first.items():
        shown = "  ".join(dict.fromkeys(labels[action][:2]))
        yield Command(action, key.title, key.group, partial(do, action), shown)


def of_places(state: State, go_to: Callable[[str], None]) -> Iterator[Command]:
    for section in state.notebook.sections:
        yield Command(
            f"go {section.id}", f"Go to: {section.name}", "Sections", partial(go_to, section.id), only_found=True
        )
        for cell in section.cells:
            if line := _first_line(cell):
                yield Command(f"go {cell.id}", f"Go to: {line}", section.name, partial(go_to, cell.id), only_found=True)


def of_books(books: Books, open: Callable[[str], None], here: str | None) -> Iterator[Command]:
    for book in books:
        if book.path != here:
            title = f"Open {book.title or book.path}"
            yield Command(f"open {book.path}", title, "Notebooks", partial(open, book.path), only_found=True)


def of_themes(names: Iterable[str], current: str, choose: Callable[[str], object]) -> Iterator[Command]:
    for name in sorted(names):
        mark = "● now" if name == current else ""
        yield Command(f"theme {name}", f"Theme: {name}", "Colours", partial(choose, name), mark, only_found=True)


def with_used_first(commands: Sequence[Command], used: Sequence[str]) -> tuple[list[Command], list[Command]]:
    """Those that were used, the last first; and the others in their order."""
    by_id = {command.id: command for command in commands}
    first = [by_id[id] for id in used if id in by_id]
    return first, [command for command in commands if command not in first]


def _first_line(cell: Cell) -> str:
    line = next((line.strip() for line in cell.source.splitlines() if line.strip()), "")
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
