"""Who looks at the notebook: their role, where they are, and what they do. Choose one to go there, or follow them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType

from notebook_tui.document.state import State
from notebook_tui.session.presence import Present, is_there
from notebook_tui.ui.drawing.others import ink_of
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.panels.list_panel import ListPanel
from notebook_tui.ui.panels.panel_list import BLANK, Line, said


class ClientsPanel(ListPanel):
    NAME = "clients"
    TITLE = "Who is here"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "go there"), Binding("f", "follow", "follow")]

    def worth(self, state: State) -> object:
        return self.desk.client.people, self.desk.followed, tuple(cell.id for cell in state.notebook.cells())

    def draw(self, width: int, palette: Palette) -> Sequence[Line]:
        client = self.desk.client
        alone = Present(client.you, client.person.name or "owner", client.person.role)
        people = client.people or (alone,)
        return tuple(people_lines(self.state, people, client.you, self.desk.followed, width, palette))

    def chosen(self, id: str) -> None:
        if (whom := self._one(id)) is not None and is_there(self.state.notebook, whom.where):
            self.go_to(whom.where.cell_id)

    def action_follow(self) -> None:
        if (whom := self._one(self.list.marked)) is None:
            return
        self.desk.followed = whom.number
        self.desk.say(f"You follow {printable_row(whom.name)}: any key ends that.", "information")
        self.action_leave()

    def _one(self, id: str) -> Present | None:
        """Another than the user, who is told so where it is nobody else."""
        client = self.desk.client
        if id == str(client.you):
            self.desk.say("This is you: mark somebody else.", "information")
            return None
        return next((each for each in client.people if str(each.number) == id), None)


def people_lines(
    state: State, people: Sequence[Present], you: int, followed: int | None, width: int, palette: Palette
) -> Iterator[Line]:
    """
    >>> from notebook_tui.session.presence import Whereabouts
    >>> ann, bob = Present(0, "ann", "admin"), Present(1, "bob", "view", Whereabouts("setup"))
    >>> [line.text.plain for line in people_lines(State(), (ann, bob), 0, None, 40, Palette())][:2]
    ['● ann (you)  admin', '▲ bob  view · setup']
    """
    for each in people:
        ink = ink_of(each.number, palette)
        name = printable_row(each.name) + (" (you)" if each.number == you else "")
        is_followed = "followed" if each.number == followed else ""
        told = " · ".join(filter(None, (each.role, _place(state, each.where.cell_id), each.doing, is_followed)))
        text = Text.assemble((f"{each.mark} ", ink), (name, palette.strong), (f"  {told}", palette.muted))
        text.truncate(max(8, width), overflow="ellipsis")
        yield Line(text, str(each.number))
    yield BLANK
    if len(people) < 2:
        yield from said("Nobody else. What others do in the file itself is merged as it comes.", width, palette)


def _place(state: State, id: str) -> str:
    notebook = state.notebook
    if notebook.has_cell(id):
        label = notebook.label(id)
        return f"cell {label}" if label.isdigit() else label
    return next((f"at {printable_row(each.name)}" for each in notebook.sections if each.id == id), "")
