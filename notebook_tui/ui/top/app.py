"""`beamlike top NODE`: the program. Colours, settings and the mouse are as in the notebook."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from time import time
from typing import Any, ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.screen import Screen

from notebook_tui.ui.crash.guarded_app import GuardedApp
from notebook_tui.ui.drawing.ascii import draw_in_ascii
from notebook_tui.ui.drawing.inert import Inert
from notebook_tui.ui.drawing.theme import DAY, NIGHT, THEMES, theme_for
from notebook_tui.ui.driver.answered import TerminalAnswered
from notebook_tui.ui.driver.driver_class import terminal_driver
from notebook_tui.ui.settings.preferences import Preferences
from notebook_tui.ui.settings.values import Settings
from notebook_tui.ui.top.source import LiveSource, Source
from notebook_tui.ui.top.top_screen import TopScreen

INTERVAL = 1.0


class TopApp(GuardedApp):
    """Looks at what `source` looks at, until the user quits."""

    TITLE = "beamlike top"
    CSS_PATH = "../notebook.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q,ctrl+c", "quit", "Quit", show=False)]

    def __init__(
        self,
        source: Source,
        *,
        interval: float = INTERVAL,
        clock: Callable[[], float] = time,
        preferences: Preferences | None = None,
    ) -> None:
        self._no_color = "NO_COLOR" in os.environ
        self._light = False
        super().__init__(ansi_color=True if self._no_color else None)
        self._filters.append(Inert())
        self.driver_class = terminal_driver() or self.driver_class
        self.source = source
        self.preferences = preferences or Preferences()
        self._clock = clock
        self._interval = interval
        self.animation_level = "none"
        self.register_theme(NIGHT)
        self.register_theme(DAY)
        self._settings_changed(self.preferences.now)

    def get_default_screen(self) -> Screen[None]:
        return TopScreen(self.source, self._clock, self._interval)

    @property
    def top(self) -> TopScreen:
        """The view of the node, under whatever lies on it."""
        base = self.screen_stack[0]
        assert isinstance(base, TopScreen)
        return base

    def on_mount(self) -> None:
        if self.preferences.now.ascii and self._driver is not None:
            draw_in_ascii(self._driver)

    async def on_event(self, event: events.Event) -> None:
        # Acted on here, one after the other: in the queue of the screen the next key would already be on its way to
        # the table when it is meant for the dialog that this one opens.
        if isinstance(event, events.Key) and not event.is_forwarded and self._takes(event):
            # Of Textual's own; what opens a dialog by a key is tested with keys that follow at once.
            await self.screen._mounted_event.wait()
        else:
            await super().on_event(event)

    def _takes(self, key: events.Key) -> bool:
        return isinstance(self.screen, TopScreen) and self.screen.take_key(key)

    async def action_quit(self) -> None:
        self.exit()

    def rescue(self) -> None:
        """Nothing is typed here that could be lost."""

    def panel_for(self, failure: BaseException, report: str, *, again: bool) -> Screen[None]:
        from datetime import datetime

        from notebook_tui.ui.crash.crash_screen import CrashScreen
        from notebook_tui.ui.crash.report import keep_report, summary_of

        path = keep_report(report, datetime.now())
        return CrashScreen(summary_of(failure), report, path, again=again, has_notebook=False)

    async def on_crash_screen_answered(self, event: events.Event) -> None:
        from notebook_tui.ui.crash import crash_screen

        assert isinstance(event, crash_screen.CrashScreen.Answered)
        if event.answer == crash_screen.RESTART:
            self.restarted()
            await self.show_alone(self.get_default_screen())
        else:
            self.exit()

    def _settings_changed(self, settings: Settings) -> None:
        name = THEMES.get(settings.theme, settings.theme)
        known = name in self.available_themes
        self.theme = name if known else theme_for(self.console.color_system, self._no_color, self._light)

    @on(TerminalAnswered)
    def _background_told(self, event: TerminalAnswered) -> None:
        self._light = event.answers.light
        self._settings_changed(self.preferences.now)


def watch(node: str, *, interval: float = INTERVAL, **options: Any) -> int:
    """Shows `node` until the user quits; `options` are those of the `bl.Node` that looks, such as `secret`. Returns the
    exit status; raises what keeps the node from being reached at the start."""
    return asyncio.run(_watch(node, interval, options))


async def _watch(node: str, interval: float, options: dict[str, Any]) -> int:
    import signal
    import sys

    from notebook_tui.ui.settings.preferences import preferences_of_user

    source = LiveSource(node, **options)
    try:
        await source.open()
        preferences = preferences_of_user()
        app = TopApp(source, interval=interval, preferences=preferences)
        for number in (signal.SIGHUP, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, app.exit)
        await app.run_async(mouse=preferences.now.mouse)
    finally:
        await source.close()
    if app.last_words:
        print(f"beamlike: {app.last_words}", file=sys.stderr)
    return 1 if app.last_words else 0
