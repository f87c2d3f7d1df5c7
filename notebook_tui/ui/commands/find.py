"""What the keys of the group Find do: the bar, the matches, and what is put in their place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from notebook_tui.document.notebook import Cell
from notebook_tui.document.operations import SetCellSource
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.editing.passage import Passage
from notebook_tui.ui.finding.bar import FindBar
from notebook_tui.ui.finding.finder import Finder, Place, Replacement, operations_of
from notebook_tui.ui.finding.pattern import BadPattern, TooLong


class FindCommands:
    def __init__(self, desk: Desk, bar: FindBar, remark: Callable[[str], None]) -> None:
        self._desk = desk
        self._bar = bar
        self._remark = remark
        self._finder = Finder()
        self._in_cell = False
        self._replaced: list[Replacement] = []
        self._cells: object = None

    def find(self) -> None:
        """Open the bar; once it is open, look in all cells, or again in this one."""
        if self._bar.has_focus_within:
            self._bar.action_flip("cell")
        else:
            self._open(replacing=False)

    def replace(self) -> None:
        if self._bar.has_focus_within:
            self._bar.action_open_replacement()
        else:
            self._open(replacing=True)

    def find_next(self) -> None:
        self.step(1)

    def find_previous(self) -> None:
        self.step(-1)

    def undo_replacement(self) -> None:
        """Every cell that is still as the replacement left it."""
        self._desk.view.flush()
        sources = {cell.id: cell.source for cell in self._desk.state.notebook.cells()}
        back = [each for each in self._replaced if sources.get(each.cell_id) == each.after]
        if not back:
            self._desk.say("Nothing was replaced, or the cells have been changed since.", "information")
            return
        self._desk.ask(*(SetCellSource(each.cell_id, each.before) for each in back))
        left = len(self._replaced) - len(back)
        self._replaced = []
        more = f"; {left} changed since" if left else ""
        self._desk.say(f"Taken back in {_count(len(back), 'cell')}{more}.", "information")

    # What the bar asks for

    def changed(self, event: FindBar.Changed) -> None:
        """Another query: what is found is counted and marked, and nothing moves yet."""
        self._in_cell = event.in_cell and self._desk.view.is_editing
        self._finder.look_for(event.query)
        self._look()

    def step(self, by: int) -> None:
        if self._finder.pattern is None:
            self._open(replacing=False)
            return
        view = self._desk.view
        view.flush()
        self._look()
        offset = view.editor.passage.end if view.is_editing else -1
        order = tuple(cell.id for cell in self._desk.state.notebook.cells())
        place = self._finder.step(by, self._desk.focused_id, order, offset if by > 0 else offset - 1)
        if place is None:
            self._remark(self._finder.problem or f"Not found: {self._finder.query.text}")
        else:
            self._show(place)
        self._tell()

    def replaced(self, event: FindBar.Replace) -> None:
        """Replace the current match and go on, or all of them."""
        if self._finder.pattern is None:
            return
        self._desk.view.flush()
        try:
            if event.which == "all":
                self._replace_all(event.text)
            else:
                self._replace_one(event.text)
        except (BadPattern, TooLong) as error:
            self._bar.show_found(str(error))

    def close(self) -> None:
        """The marks go with the bar; F3 finds the next one all the same."""
        self._bar.close()
        self._desk.view.highlight(None)
        if self._desk.view.is_editing:
            self._desk.view.focus_editor()
        else:
            self._desk.view.take_focus()

    def show_newest(self) -> None:
        """There is a new state; while the bar is open it says how many there are now."""
        if self._bar.is_open and self._desk.state.notebook is not self._cells:
            self._look()

    def _open(self, *, replacing: bool) -> None:
        view = self._desk.view
        selected = view.editor.passage.selected if view.is_editing else ""
        self._bar.open(in_cell=view.is_editing, replacing=replacing, text=selected if "\n" not in selected else None)

    def _searched_cells(self) -> Sequence[Cell]:
        cells = self._desk.state.notebook.cells()
        return [cell for cell in cells if not self._in_cell or cell.id == self._desk.focused_id]

    def _look(self) -> None:
        self._cells = self._desk.state.notebook
        self._finder.look(self._searched_cells(), sources_only=self._in_cell)
        self._desk.view.highlight(self._finder.pattern if self._bar.is_open else None)
        self._tell()

    def _tell(self) -> None:
        if self._bar.is_open:
            self._bar.show_found(self._finder.said)

    def _show(self, place: Place) -> None:
        view = self._desk.view
        if view.is_editing and place.cell_id == self._desk.focused_id and place.span is not None:
            start, end = place.span
            view.editor.become(Passage(view.editor.text, start, end))
            return
        focused = view.screen.focused
        view.focus_item(place.cell_id)
        if self._bar.is_open and focused is not None:
            # An edit that ended has given the focus to the list.
            view.screen.set_focus(focused, scroll_visible=False)
        if self._finder.pattern is not None:
            view.reveal_match(self._finder.pattern, place.nth)

    def _replace_one(self, text: str) -> None:
        place = self._finder.current
        if place is None or place.span is None:
            self.step(1)
            return
        cell = next(cell for cell in self._desk.state.notebook.cells() if cell.id == place.cell_id)
        assert self._finder.pattern is not None
        put = self._finder.pattern.replacement_at(cell.source, place.span, text)
        if put is None:
            self.step(1)
            return
        start, end = place.span
        self._put([Replacement(cell.id, cell.source, cell.source[:start] + put + cell.source[end:])])
        self._look()
        order = tuple(each.id for each in self._desk.state.notebook.cells())
        if (following := self._finder.step(1, cell.id, order, start + len(put))) is not None:
            self._show(following)
        self._tell()

    def _replace_all(self, text: str) -> None:
        done, count = self._finder.replaced_all(self._searched_cells(), text)
        if not count:
            self._remark(f"Not found: {self._finder.query.text}")
            return
        self._put(done)
        self._look()
        where = f"in {_count(len(done), 'cell')}"
        self._desk.say(f"{_count(count, 'place')} replaced {where}. gu takes it back.", "information")

    def _put(self, done: Sequence[Replacement]) -> None:
        """In the editor as one step of its undo, elsewhere by the session."""
        self._replaced = list(done)
        view = self._desk.view
        for each in done:
            if view.is_editing and each.cell_id == self._desk.focused_id:
                view.editor.become(Passage.at(each.after, min(view.editor.offset_of_caret, len(each.after))))
                view.flush()
            else:
                self._desk.ask(*operations_of([each]))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
