"""What one may not do: its keys are grey, and pressed they say so before anything is asked of the session."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text

from notebook_tui.document.state import State
from notebook_tui.session.people import OWNER, ROLES, Person
from notebook_tui.ui.dialogs.help_screen import help_blocks
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.keys import roles
from notebook_tui.ui.keys.maps import all_rows
from notebook_tui.ui.keys.roles import role_of
from notebook_tui.ui.status.bar import Status, hint_line
from tests.support.fake_session import code
from tests.support.screen import Terminal, in_terminal

FIRST = ("j", "j", "j")
VIEWER, EDITOR = Person("ann", "view"), Person("bob", "edit")
PALETTE = Palette(muted=Style(dim=True), strong=Style(bold=True), heading=Style(bold=True))


def greys(text: Text) -> list[str]:
    return [text.plain[span.start : span.end].strip() for span in text.spans if span.style == PALETTE.muted]


def test_all_actions_with_a_role_are_actions() -> None:
    named = roles._EDIT | roles._RUN | roles._ADMIN
    assert named <= {key.action for key in all_rows()}
    assert len(named) == len(roles._EDIT) + len(roles._RUN) + len(roles._ADMIN)


def test_keys_of_what_one_may_not_do_are_grey() -> None:
    for_owner, for_viewer = (hint_line(Status(State(), person=who), 200, PALETTE) for who in (OWNER, VIEWER))
    assert for_owner.plain == for_viewer.plain
    assert not {"i", "ee", "Ctrl+S"} & set(greys(for_owner))
    assert {"i", "ee", "Ctrl+S"} <= set(greys(for_viewer))
    assert not {"?", "Ctrl+Q"} & set(greys(for_viewer))
    grey = " ".join(line for block in help_blocks(PALETTE, person=EDITOR) for line in greys(block))
    assert "Interrupt" in grey
    assert "Take back the last change" not in grey


@in_terminal(code("a", "x = 1"), person=VIEWER)
async def test_who_may_look_is_told_what_a_key_would_take_and_nothing_is_sent(shown: Terminal) -> None:
    assert "may view" in shown.status
    await shown.press(*FIRST, "i")
    assert "NAV" in shown.status
    await shown.shows("Your role is view, and it takes edit to change")
    await shown.press("e", "e")
    await shown.shows("Your role is view, and it takes run to")
    await shown.press("d", "d", "M")
    assert shown.session.sent == []


@in_terminal(code("a", "x = 1"), person=EDITOR)
async def test_who_may_edit_types_and_does_not_run(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "0", "ctrl+e", "escape")
    assert [type(each).__name__ for each in shown.session.sent] == ["SetCellSource"]
    await shown.shows("Your role is edit, and it takes run to")


@in_terminal(code("a", "x = 1"), person=VIEWER)
async def test_the_palette_has_only_what_one_may_do(shown: Terminal) -> None:
    await shown.press("ctrl+p")
    await shown.type("code cell below")
    assert "Insert" not in shown.text
    await shown.press("escape")


def test_roles_are_asked_for_by_their_order() -> None:
    assert [role for role in ROLES if EDITOR.may(role)] == ["view", "edit"]
    assert role_of("save") == "edit"
