"""What the keys for settings do: the screen of settings, and the maps of keys by name."""

from __future__ import annotations

from notebook_tui.ui.commands.write import WriteCommands
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.settings.file import NotKept
from notebook_tui.ui.settings.values import Value


class SettingCommands:
    def __init__(self, desk: Desk, write: WriteCommands) -> None:
        self._desk = desk
        self._write = write

    def settings(self) -> None:
        from notebook_tui.ui.dialogs.settings_screen import SettingsScreen

        self._desk.view.app.push_screen(SettingsScreen(self._desk.preferences, self._change))

    def use_default_keys(self) -> None:
        self._change("keymap", "default")

    def use_vim_keys(self) -> None:
        self._change("keymap", "vim")

    def use_emacs_keys(self) -> None:
        self._change("keymap", "emacs")

    def open_in_normal_mode(self) -> None:
        """As in Vim: what is pressed next is a command."""
        self._write.edit()
        if self._desk.view.is_editing:
            self._desk.view.keymap.to_normal_mode()

    def _change(self, name: str, value: Value) -> None:
        try:
            self._desk.preferences.change(name, value)
        except NotKept as error:
            self._desk.say(f"It holds until you quit: {error}", "warning")
