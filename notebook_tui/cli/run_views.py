"""Views on paper: once as they are when they are shown, and then as much of their changes as paper can hold.

Text that goes on is written as it comes, and so are the contents that a frame gets. Of a progress bar a terminal shows
one line, and a file its end. What has no end of its own (a plot, a table, a tree) stands there once more, as it was
when the cell ended, if it changed.
"""

from __future__ import annotations

from collections.abc import Iterable

from notebook_tui.cli.run_paper import Paper
from notebook_tui.widgets.changes import Appended, Became, Change, Rendered, TextAppended
from notebook_tui.widgets.view_text import content_text, progress_text
from notebook_tui.widgets.views import Content, Frame, Progress, Text, TextStream, View
from notebook_tui.widgets.views_within import views_in


class ViewsOnPaper:
    def __init__(self, paper: Paper) -> None:
        self._paper = paper
        self._shown_in: dict[str, str] = {}
        """The cell that showed a view last, by the view's ref: there it is followed, for it may stand in many."""
        self._owed: dict[str, View] = {}
        """What is other than it was written, by ref."""

    def show(self, cell_id: str, view: View) -> None:
        self._follow(cell_id, (view,))
        self._put(view.ref, view)

    def change(self, cell_id: str, change: Change, view: View) -> None:
        """The view has changed to this one."""
        ref = view.ref
        if self._shown_in.get(ref) != cell_id:
            return
        match change:
            case TextAppended(text):
                self._paper.go_on(ref, text)
            case Appended(contents):
                self._contents(cell_id, ref, contents)
            case Rendered(contents):
                self._paper.end_line()
                self._contents(cell_id, ref, contents)
            case Became(Progress() as progress):
                self._progress(progress)
            case Became(TextStream(_, text)):
                self._paper.end_line()
                self._paper.go_on(ref, text)
            case _:
                self._owed[ref] = view

    def settle(self) -> None:
        """Writes what is owed: a cell has ended."""
        for view in self._owed.values():
            self._paper.block(content_text(view), "stderr" if isinstance(view, Progress) else "stdout")
        self._owed.clear()

    def _contents(self, cell_id: str, ref: str, contents: Iterable[Content]) -> None:
        self._follow(cell_id, contents)
        for content in contents:
            self._put(ref, content)

    def _follow(self, cell_id: str, contents: Iterable[Content]) -> None:
        for content in contents:
            for view in views_in(content):
                self._shown_in[view.ref] = cell_id

    def _put(self, ref: str, content: Content) -> None:
        match content:
            case Text(stream, text):
                self._paper.go_on(ref, text, stream)
            case TextStream(own, text):
                self._paper.end_line()
                self._paper.go_on(own, text)
            case Frame(own, contents) if contents:
                self._paper.end_line()
                for each in contents:
                    self._put(own, each)
            case Progress():
                self._progress(content)
            case _:
                self._paper.block(content_text(content))

    def _progress(self, progress: Progress) -> None:
        if progress.state == "going":
            self._owed[progress.ref] = progress
            self._paper.rewrite(progress_text(progress))
        else:
            self._owed.pop(progress.ref, None)
            self._paper.block(progress_text(progress), "stderr")
