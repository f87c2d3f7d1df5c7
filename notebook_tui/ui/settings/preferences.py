"""The settings of a running terminal: what holds now, who wants to know of changes, and the file that keeps them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from notebook_tui.ui.settings.values import Settings, Value


class Preferences:
    """Without a path nothing is kept: for tests, and for a terminal whose user has no home.

    >>> preferences = Preferences()
    >>> preferences.change("keymap", "vim")
    >>> preferences.now.keymap
    'vim'
    """

    def __init__(self, now: Settings | None = None, path: Path | None = None, problems: tuple[str, ...] = ()) -> None:
        self.now = now or Settings()
        self.path = path
        self.problems = problems
        """What was wrong with the file when it was read."""
        self._on_change: list[Callable[[Settings], None]] = []

    def subscribe(self, on_change: Callable[[Settings], None]) -> Callable[[], None]:
        """Call this with the settings after each change of one, until what is returned is called."""
        self._on_change.append(on_change)
        return partial(self._on_change.remove, on_change)

    def change(self, name: str, value: Value) -> None:
        """From now on. `NotKept` if it could not be written; it holds nevertheless."""
        changed: dict[str, Any] = {name: value}
        self.now = replace(self.now, **changed)
        for on_change in self._on_change:
            on_change(self.now)
        if self.path is not None:
            from notebook_tui.ui.settings.file import keep_setting

            keep_setting(self.path, name, value)


def preferences_of_user() -> Preferences:
    """Those in the user's file of settings."""
    from notebook_tui.ui.settings.file import read_settings, settings_file

    path = settings_file()
    now, problems = read_settings(path)
    return Preferences(now, path, problems)
