"""The pictures of a cell, one at a time, as large as the terminal is; one can be saved as the file that it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from notebook_tui.document.outputs import Output
from notebook_tui.session.bounds import starting_directory, writable
from notebook_tui.session.whole_files import make_file
from notebook_tui.ui.dialogs.closes_once import ClosesOnce
from notebook_tui.ui.dialogs.prompt_screen import PromptScreen
from notebook_tui.ui.drawing.palette import palette_of
from notebook_tui.ui.drawing.rows import strip_of
from notebook_tui.ui.outputs.display_rows import pictures_in
from notebook_tui.ui.pictures.gallery import NO_PICTURES, Pictures
from notebook_tui.ui.pictures.header import kind_of, size_of
from notebook_tui.ui.pictures.overlay import Placed, placed_in

Picture = tuple[bytes | str, str]
_REFRESH: Final = 0.25


class PictureView(Widget, can_focus=True):
    DEFAULT_CSS = """
    PictureView { width: 1fr; height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._pictures = NO_PICTURES
        self._shown: Picture | None = None
        self._rows: list[Strip] = []

    def show(self, picture: Picture) -> None:
        self._shown = picture
        self._draw()

    def show_pictures(self, pictures: Pictures) -> None:
        """Some have been drawn, or all are drawn in another way."""
        self._pictures = pictures
        self._draw()

    def placed_pictures(self) -> Iterator[Placed]:
        """The picture, where it is to be painted over."""
        return placed_in(self._rows)

    def on_resize(self) -> None:
        self._draw()

    def render_line(self, y: int) -> Strip:
        row = self._rows[y] if y < len(self._rows) else Strip([])
        return row.adjust_cell_length(self.size.width).apply_style(self.rich_style)

    def _draw(self) -> None:
        width, height = self.size
        if self._shown is None or not width or not height:
            return
        rows = self._pictures.rows(*self._shown, width, height, palette_of(self.app.theme_variables), enlarged=True)
        left = max(0, (width - max(row.cell_len for row in rows)) // 2)
        indent = Text(" " * left, end="")
        blank = [Strip([])] * max(0, (height - len(rows)) // 2)
        self._rows = [*blank, *(Strip([*strip_of(indent), *strip_of(row)]) for row in rows)]
        self.refresh()


class PictureScreen(ClosesOnce[None]):
    DEFAULT_CSS = """
    PictureScreen > Static { height: 1; background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,o", "dismiss", "Close", show=False),
        Binding("n,l,j,right,down,space", "turn(1)", "Next", show=False),
        Binding("p,h,k,left,up", "turn(-1)", "Previous", show=False),
        Binding("s", "save", "Save", show=False),
    ]

    def __init__(self, outputs: Callable[[], tuple[Output, ...]], pictures: Pictures) -> None:
        super().__init__()
        self._outputs = outputs
        self._seen: tuple[Output, ...] = ()
        self._found: list[Picture] = []
        self._at = 0
        self._view = PictureView()
        self._first = pictures

    def compose(self) -> ComposeResult:
        yield self._view
        yield Static(id="picture-note")

    def on_mount(self) -> None:
        self._view.show_pictures(self._first)
        self._show_newest()
        self.set_interval(_REFRESH, self._show_newest)

    def action_turn(self, by: int) -> None:
        if self._found:
            self._at = (self._at + by) % len(self._found)
            self._show()

    def action_save(self) -> None:
        if self._found:
            data, name = self._found[self._at]
            stem = "".join(letter if letter.isalnum() else "-" for letter in name).strip("-") or "picture"
            proposed = f"{stem}.{kind_of(data)}"
            self.app.push_screen(PromptScreen("Save the picture as", proposed), lambda path: self._chosen(path, data))

    def _chosen(self, path: str | None, data: bytes | str) -> None:
        if path is not None:
            self.run_worker(self._save(starting_directory() / Path(path).expanduser(), data))

    async def _save(self, path: Path, data: bytes | str) -> None:
        try:
            raw = data.encode("utf-8", "replace") if isinstance(data, str) else data
            await asyncio.to_thread(make_file, writable(path), raw)
        except FileExistsError:
            self.notify(f"{path} is there already; the picture was not saved.", severity="warning", markup=False)
        except (OSError, ValueError) as error:  # a name with a NUL is no name
            self.notify(f"The picture was not saved: {error}", severity="error", markup=False)
        else:
            self.notify(f"Saved as {path}", markup=False)

    def _show_newest(self) -> None:
        outputs = self._outputs()
        if outputs != self._seen:
            self._seen = outputs
            self._found = list(pictures_in(outputs))
            self._at = min(self._at, max(0, len(self._found) - 1))
            self._show()

    def _show(self) -> None:
        if not self._found:
            self.query_one("#picture-note", Static).update(Text(" no picture any more   Esc back"))
            return
        data, name = self._found[self._at]
        self._view.show((data, name))
        size = size_of(data) or (0, 0)
        many = f"{self._at + 1} of {len(self._found)}   ←→ others   " if len(self._found) > 1 else ""
        note = f" {name}  {size[0]} × {size[1]}  {len(data):,} bytes   {many}s save   Esc back"
        self.query_one("#picture-note", Static).update(Text(note, no_wrap=True))
