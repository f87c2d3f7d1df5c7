"""All settings with what they are now and what they mean; a change holds at once and is kept at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from notebook_tui.ui.dialogs.closes_once import ClosesOnce
from notebook_tui.ui.drawing.palette import Palette, palette_of
from notebook_tui.ui.settings.parse import expected, value_from
from notebook_tui.ui.settings.preferences import Preferences
from notebook_tui.ui.settings.values import SETTINGS, Setting, Settings, Value, default_of, shown

_TITLE: Final = max(len(setting.title) for setting in SETTINGS) + 2


class SettingsScreen(ModalScreen[None], ClosesOnce[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "back", "Close", show=False),
        Binding("j", "move(1)", show=False),
        Binding("k", "move(-1)", show=False),
        Binding("right,l,space", "turn(1)", show=False),
        Binding("left,h", "turn(-1)", show=False),
        Binding("d", "default", show=False),
        Binding("e", "type", show=False),
    ]
    CSS = """
    SettingsScreen { align: center middle; background: $background 60%; }
    SettingsScreen .dialog { width: 76; padding: 0 2; }
    SettingsScreen OptionList { max-height: 50vh; scrollbar-size-vertical: 1; }
    SettingsScreen .dialog Input {
        display: none; height: 1; border: none; padding: 0 1; background: $surface; margin-top: 1;
    }
    SettingsScreen .dialog Input.-asked { display: block; }
    SettingsScreen #settings-where { text-style: dim; }
    """

    def __init__(self, preferences: Preferences, change: Callable[[str, Value], None]) -> None:
        super().__init__()
        self._preferences = preferences
        self._change = change
        self._list = OptionList(markup=False)
        self._typed = Input(select_on_focus=True)
        self._note = Static(classes="dialog-note", markup=False)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Text("Settings"), classes="dialog-title")
            yield self._list
            yield self._typed
            yield self._note
            where = str(self._preferences.path) if self._preferences.path else "They are not kept."
            yield Static(Text(where, overflow="ellipsis", no_wrap=True), id="settings-where", markup=False)

    def on_mount(self) -> None:
        self._show(0)
        self._list.focus()

    def action_back(self) -> None:
        """Out of the line that is typed into, or of the screen."""
        if self._typed.has_class("-asked"):
            self._close_input()
        else:
            self.dismiss()

    def action_move(self, by: int) -> None:
        if by > 0:
            self._list.action_cursor_down()
        else:
            self._list.action_cursor_up()

    def action_turn(self, by: int) -> None:
        """The next of its choices, or the one before."""
        setting = self._marked
        choices = setting.choices
        now = getattr(self._preferences.now, setting.name)
        index = choices.index(now) + by if now in choices else 0
        self._set(choices[index % len(choices)])

    def action_default(self) -> None:
        self._set(default_of(self._marked.name))

    def action_type(self) -> None:
        """A value that is none of the choices."""
        self._typed.value = shown(getattr(self._preferences.now, self._marked.name))
        self._typed.add_class("-asked")
        self._typed.focus()

    @on(OptionList.OptionHighlighted)
    def _moved(self) -> None:
        self._say()

    @on(OptionList.OptionSelected)
    def _pressed(self) -> None:
        self.action_turn(1)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        value = value_from(self._marked, event.value)
        if value is None:
            self._note.update(f"Expected {expected(self._marked)}; found {event.value!r}")
        else:
            self._close_input()
            self._set(value)

    @property
    def _marked(self) -> Setting:
        return SETTINGS[self._list.highlighted or 0]

    def _set(self, value: Value) -> None:
        self._change(self._marked.name, value)
        self._show(self._list.highlighted or 0)

    def _close_input(self) -> None:
        self._typed.remove_class("-asked")
        self._list.focus()
        self._say()

    def _show(self, marked: int) -> None:
        palette = palette_of(self.app.theme_variables)
        rows = [setting_row(setting, self._preferences.now, palette) for setting in SETTINGS]
        self._list.set_options(Option(row) for row in rows)
        self._list.highlighted = marked
        self._say()

    def _say(self) -> None:
        setting = self._marked
        choices = " · ".join(shown(choice) for choice in setting.choices)
        when = "From the next start on. " if setting.later else ""
        more = ", e types another" if setting.open else ""
        meaning = setting.meaning[0].upper() + setting.meaning[1:]
        self._note.update(f"{meaning}.\n{choices}\n{when}←→ changes{more}, d is the default, Esc closes.")


def setting_row(setting: Setting, now: Settings, palette: Palette) -> Text:
    """
    >>> setting_row(SETTINGS[0], Settings(keymap="vim"), Palette()).plain
    'Keys in the editor             ◂ vim ▸'
    """
    value: Value = getattr(now, setting.name)
    said = f"◂ {shown(value)} ▸"
    return Text.assemble(
        f"{setting.title:<{_TITLE}}",
        (said, palette.muted if value == default_of(setting.name) else palette.strong),
    )
