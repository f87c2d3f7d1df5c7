"""The whole output of a cell: every line, uncut, to read, search, copy and save; it follows what still arrives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from notebook_tui.document.outputs import Output
from notebook_tui.ui.dialogs.closes_once import ClosesOnce
from notebook_tui.ui.drawing.palette import palette_of
from notebook_tui.ui.outputs.keepsakes import text_of
from notebook_tui.ui.outputs.page_lines import page_lines
from notebook_tui.ui.outputs.pages import OutputPages

Outputs = tuple[Output, ...]
_REFRESH: Final = 0.25
_HINTS: Final = "Esc back  / find  y copy  s save  v select  w wrap  # numbers"
_SELECTING: Final = "Esc end  j k G g extend  y copy"


class OutputScreen(ClosesOnce[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Close", show=False),
        Binding("q,o", "dismiss", "Close", show=False),
        Binding("slash", "ask", "Find", show=False),
        Binding("y", "copy", "Copy", show=False),
        Binding("s", "save", "Save", show=False),
    ]
    DEFAULT_CSS = """
    OutputScreen {
        background: $background;

        & > #output-note {
            height: 1;
            background: $panel;
        }

        & > Input {
            display: none;
            height: 1;
            border: none;
            padding: 0 1;
            background: $panel;
        }

        &.asking > Input {
            display: block;
        }

        &.asking > #output-note {
            display: none;
        }
    }
    """

    def __init__(
        self,
        outputs: Callable[[], Outputs],
        cell_id: str = "",
        *,
        copy: Callable[[str, str], None],
        save: Callable[[Sequence[Output]], None],
    ) -> None:
        """`copy` takes a text and what it is, `save` asks where to."""
        super().__init__()
        self._outputs = outputs
        self._cell_id = cell_id
        self._copy = copy
        self._save = save
        self._shown: Outputs = ()
        self._pages = OutputPages()
        self._note = Static(id="output-note")
        self._input = Input(placeholder="find in the output", select_on_focus=True, compact=True)

    def compose(self) -> ComposeResult:
        yield self._pages
        yield self._note
        yield self._input

    def on_mount(self) -> None:
        self._pages.focus()
        self._show_newest()
        self.set_interval(_REFRESH, self._show_newest)

    def action_back(self) -> None:
        """Out of what was begun last: the question, the selection, the screen."""
        if self.has_class("asking"):
            self._end_question()
        elif not self._pages.end_selection():
            self.dismiss()

    def action_ask(self) -> None:
        self.add_class("asking")
        self._input.focus()

    def action_copy(self) -> None:
        """The selected lines, or all."""
        selection, lines = self._pages.selection, self._pages.lines
        if selection is None:
            text, what = text_of(self._shown), "the output"
        else:
            text, what = "".join(f"{lines.plain(number)}\n" for number in selection), "the selection"
            self._pages.end_selection()
        self._copy(text, what)

    def action_save(self) -> None:
        self._save(self._shown)

    @on(Input.Submitted)
    def _asked(self, event: Input.Submitted) -> None:
        event.stop()
        self._end_question()
        self._pages.search(event.value)

    @on(OutputPages.Changed)
    def _tell(self) -> None:
        pages = self._pages
        count = len(pages.lines.lines)
        said = [f" {count:,} {'line' if count == 1 else 'lines'}"]
        if not pages.is_all_seen:
            said.append(f"{pages.first + 1:,}–{pages.last + 1:,}")
        if len(pages.lines.starts) > 1:
            said.append(f"output {pages.lines.output_at(pages.first)}/{len(pages.lines.starts)} [ ]")
        if pages.words:
            said.append(f"{len(pages.found):,} × “{pages.words}” n N")
        selection = pages.selection
        if selection is not None:
            said.append(f"{len(selection):,} selected")
        hints = _HINTS if selection is None else _SELECTING
        self._note.update(Text(" · ".join(said) + f"   {hints}", no_wrap=True, overflow="ellipsis"))

    def _end_question(self) -> None:
        self.remove_class("asking")
        self._pages.focus()

    def _show_newest(self) -> None:
        outputs = self._outputs()
        if outputs != self._shown:
            self._shown = outputs
            palette = palette_of(self.app.theme_variables)
            self._pages.show(page_lines(outputs, palette, self._cell_id), palette)
