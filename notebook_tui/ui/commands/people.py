"""The people at the notebook, as the terminal has them: where the user is, where others are, and whom they follow."""

from __future__ import annotations

from collections.abc import Callable

from notebook_tui.session.presence import Present, is_there, line_of
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.drawing.others import Other


class People:
    """`remark` says something for a moment."""

    def __init__(self, desk: Desk, remark: Callable[[str], None]) -> None:
        self._desk = desk
        self._remark = remark
        self._shown: tuple[Present, ...] = ()
        self._at: tuple[str, int] | None = None

    @property
    def others(self) -> tuple[Present, ...]:
        """But for the user."""
        client = self._desk.client
        return tuple(each for each in client.people if each.number != client.you)

    def tick(self) -> bool:
        """Time passes: the session hears where the user is; who is followed is kept in view. Whether others have
        moved."""
        self._desk.client.here(self._desk.view.whereabouts)
        others = self.others
        has_moved = others != self._shown
        if has_moved:
            self._shown = others
            self._desk.view.show_people(tuple(map(_other, others)))
        self._follow()
        return has_moved

    def ended_by_key(self) -> None:
        """The user goes their own way."""
        if self._desk.followed is not None:
            self._desk.followed = None
            self._remark("You follow nobody any more.")

    def _follow(self) -> None:
        if self._desk.followed is None:
            self._at = None
            return
        whom = next((each for each in self.others if each.number == self._desk.followed), None)
        if whom is None:
            self._desk.followed = None
            self._remark("Whom you followed has left.")
            return
        notebook = self._desk.state.notebook
        at = (whom.where.cell_id, line_of(notebook, whom.where))
        if at != self._at and is_there(notebook, whom.where):
            self._at = at
            self._desk.view.focus_item(whom.where.cell_id)
            self._desk.view.reveal_line(at[1])


def _other(present: Present) -> Other:
    where = present.where
    return Other(present.number, present.mark, present.name, where.cell_id, where.anchor, where.caret)
