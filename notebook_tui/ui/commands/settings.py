"""What the keys for settings do: the screen of settings, and the maps of keys by name."""

from __future__ import annotations

from notebook_tui.session.trust import distrust_folder, trusted_folders
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

    def distrust_folder(self) -> None:
        """Take back that whatever lies in a folder may run; notebooks that are open keep what they were given."""
        from notebook_tui.ui.dialogs.pick_screen import PickScreen

        folders = trusted_folders()
        if not folders:
            self._desk.say("No folder is trusted as a whole.", "information")
            return

        def taken_back(index: int | None) -> None:
            if index is not None:
                distrust_folder(folders[index])
                self._desk.say(f"Notebooks of others in {folders[index]} ask again before they run.", "information")

        question = "Which folder is not to be trusted any more?"
        self._desk.view.app.push_screen(PickScreen(question, [str(each) for each in folders]), taken_back)

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
