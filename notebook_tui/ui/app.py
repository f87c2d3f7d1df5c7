"""The terminal program: a notebook of a session or the home of all, themes, a palette, and a careful way out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.theme import Theme
from textual.worker import WorkType

from notebook_tui.ui.cells.cell_list import MakePainter
from notebook_tui.ui.cells.cell_strips import Painter
from notebook_tui.ui.client import SessionClient
from notebook_tui.ui.crash.guarded_app import GuardedApp
from notebook_tui.ui.drawing.ascii import draw_in_ascii
from notebook_tui.ui.drawing.inert import Inert
from notebook_tui.ui.drawing.theme import DAY, NIGHT, THEMES, theme_for
from notebook_tui.ui.driver.answered import TerminalAnswered
from notebook_tui.ui.driver.picture_app import PictureApp
from notebook_tui.ui.house import House
from notebook_tui.ui.leaving import Leaving
from notebook_tui.ui.notebook_screen import NotebookScreen
from notebook_tui.ui.settings.file import NotKept
from notebook_tui.ui.settings.preferences import Preferences
from notebook_tui.ui.settings.values import Settings
from notebook_tui.ui.terminal_environment import terminal_environment
from notebook_tui.ui.visit import Visit, begin

if TYPE_CHECKING:
    from notebook_tui.ui.finding.command import Command
    from notebook_tui.ui.home.home_screen import HomeScreen

T = TypeVar("T")

_REMEMBERED: Final = 30


class NotebookApp(GuardedApp, PictureApp):
    """Shows and edits what the client's session holds, until the user quits; without one, home.

    `clock` gives seconds since the epoch; `make_painter` makes what draws items, for whoever wants to count. With a
    `house` other notebooks can be opened. `preferences` are the user's settings, and without them nothing of the
    user's is read or written.
    """

    TITLE = "beamlike"
    CSS_PATH = "notebook.tcss"
    # Without priority: what was typed before Ctrl+Q is in the queue of the editor, and counts.
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "quit", "Quit", show=False)]

    def __init__(
        self,
        opened: SessionClient | Visit | None,
        clock: Callable[[], float] = time,
        make_painter: MakePainter = Painter,
        house: House | None = None,
        preferences: Preferences | None = None,
    ) -> None:
        self._no_color = "NO_COLOR" in terminal_environment()
        self._light = False
        super().__init__(ansi_color=True if self._no_color else None)
        # Textual does not promise to keep the name; a test looks at what such text becomes on the screen.
        self._filters.append(Inert())
        self.make_gallery(self._folder)
        assert opened is not None or house is not None, "expected a notebook, or a house to find one in"
        self.preferences = preferences or Preferences()
        self.house = house
        self._visit = opened if isinstance(opened, Visit) or opened is None else Visit(opened, opened.close)
        self._clock = clock
        self._make_painter = make_painter
        self._ending: set[asyncio.Task[Any]] = set()
        self._hands_over = False
        """To a server, when nothing is shown any more."""
        self._used: list[str] = []
        """The commands of the palette, those used last first."""
        self.animation_level = "none"
        self.register_theme(NIGHT)
        self.register_theme(DAY)
        self._settings_changed(self.preferences.now)
        self.preferences.subscribe(self._settings_changed)

    @property
    def client(self) -> SessionClient | None:
        """Of the notebook that is open, if one is."""
        return None if self._visit is None else self._visit.client

    @property
    def notebook_screen(self) -> NotebookScreen | None:
        """The view of the notebook that is open, if there is one."""
        base = self.screen_stack[0] if self.screen_stack else None
        return base if isinstance(base, NotebookScreen) else None

    def _folder(self) -> Path | None:
        """Where the notebook is: pictures in its Markdown lie beside it."""
        path = self.client.state.path if self.client is not None else None
        return Path(path).absolute().parent if path else None

    @property
    def home_screen(self) -> HomeScreen | None:
        if self.notebook_screen is not None or not self.screen_stack:
            return None
        from notebook_tui.ui.home.home_screen import HomeScreen

        base = self.screen_stack[0]
        return base if isinstance(base, HomeScreen) else None

    def get_default_screen(self) -> Screen[None]:
        return self._view()

    def on_mount(self) -> None:
        self.theme_changed_signal.subscribe(self, self._theme_chosen)
        if self.preferences.now.ascii and self._driver is not None:
            draw_in_ascii(self._driver)

    def search_themes(self) -> None:
        self.action_command_palette("Theme: ")

    def action_command_palette(self, typed: str = "") -> None:
        """Everything that can be done now; with `typed`, what that finds."""
        from notebook_tui.ui.finding.palette_screen import PaletteScreen
        from notebook_tui.ui.finding.sources import commands_of

        if isinstance(self.screen, PaletteScreen):
            return
        palette = PaletteScreen(commands_of(self), self._used, typed)

        async def opened() -> None:
            await self.push_screen(palette, self._perform)

        # Before the next key is looked at, and until the palette has its parts: that key is for them.
        self.call_next(opened)

    def _perform(self, command: Command | None) -> None:
        if command is not None:
            self._used = [command.id, *(id for id in self._used if id != command.id)][:_REMEMBERED]
            command.run()

    def copy_to_clipboard(self, text: str) -> None:
        """To the clipboard of whoever sits at the terminal, past tmux and GNU screen too."""
        from notebook_tui.ui.commands.clipboard import carried_on, sendable

        super().copy_to_clipboard(sendable(text))
        self.run_worker(carried_on(self, text))

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.InputEvent) and (shown := self.notebook_screen) is not None:
            shown.rouse()
        # Keys of navigation are acted on here, one after the other, and not by the focused widget: between its queue
        # and ours the next key would already be on its way to the list when it is meant for the editor.
        if isinstance(event, events.Key) and not event.is_forwarded and isinstance(self.screen, NotebookScreen):
            screen = self.screen
            if not await screen.ready_for_keys() or screen.take_key(event):
                return
        await super().on_event(event)

    # From one notebook to another.

    async def action_quit(self) -> None:
        """Leave; with unsaved changes, or while a cell runs, only after a question."""
        self._leave("quit", self.exit)

    def action_detach(self) -> None:
        """Leave, and the session goes on; one of this program is handed to a server."""
        screen = self.notebook_screen
        if screen is None:
            return
        screen.flush()
        if screen.client.served or screen.client.ended:
            self.exit()
        else:
            self._ask_to_hand_over(screen)

    def _ask_to_hand_over(self, screen: NotebookScreen) -> None:
        from notebook_tui.ui.handing_over import HandingOver

        def handing_over() -> None:
            self._hands_over = True
            self.exit()

        HandingOver(screen, self._visit, self.house, handing_over).begin()

    def action_home(self) -> None:
        """Close the notebook and show all there are."""
        screen = self.notebook_screen
        if self.house is None:
            if screen is not None:
                screen.say("This program shows one notebook and no others.", "information")
        elif screen is not None:
            self._leave("close", lambda: self.call_later(self._go_home))

    def open_notebook(self, path: str, failed: Callable[[], None] = lambda: None) -> None:
        """In the place of the one that is open, which is left as carefully as by quitting."""

        def open_it() -> None:
            opening: WorkType[None] = partial(self._open, path, failed)
            self.run_worker(opening, group="open", exclusive=True)

        self._leave("close", open_it)

    def _leave(self, verb: str, then: Callable[[], object]) -> None:
        screen = self.notebook_screen
        if screen is None:
            then()
        else:
            Leaving(screen, verb, lambda: (then(), None)[1]).begin()

    async def _open(self, path: str, failed: Callable[[], None]) -> None:
        assert self.house is not None
        if self._visit is not None:
            await self._go_home()
        await self._all_ended()
        try:
            opening = self._before_the_end(begin(self.house.open(path)))
            visit = await asyncio.shield(opening)
        except asyncio.CancelledError:
            if not opening.cancel() and not opening.exception():
                self._before_the_end(self._end_visit(opening.result()))
            raise
        except (OSError, ValueError) as error:
            self.notify(str(error), severity="error", markup=False, timeout=10)
            failed()
            return
        self._visit = visit
        await self.show_alone(self._view())
        self._note_on_shelf()

    def on_ready(self) -> None:
        super().on_ready()
        self._note_on_shelf()

    def _note_on_shelf(self) -> None:
        """That the notebook was open; later than the user waits for, and nothing if that fails."""
        if self.house is not None and (client := self.client) is not None and client.state.path:
            title, at = client.state.notebook.title, self._clock()
            self.run_worker(partial(_note, client.state.path, title, at), thread=True, group="shelf")

    async def _go_home(self) -> None:
        """The session ends behind the scenes, and is waited for before another begins."""
        if (visit := self._visit) is not None:
            if visit.client.state.path:
                title, at = visit.client.state.notebook.title, self._clock()
                await asyncio.to_thread(_note, visit.client.state.path, title, at)
            self._visit = None
            self._before_the_end(self._end_visit(visit))
        await self.show_alone(self._view())

    async def _end_visit(self, visit: Visit) -> None:
        await visit.client.close()
        await visit.end()

    def lets_others_first(self, since: float) -> bool:
        """Whether what is to be shown since then, by the monotonic clock, waits for the keys of other views."""
        return False

    async def leave(self) -> None:
        """All sessions are over; to be called when the app has ended."""
        if self._visit is not None:
            await (self._hand_over if self._hands_over else self._end_visit)(self._visit)
        await self._all_ended()

    def _before_the_end(self, work: Coroutine[None, None, T]) -> asyncio.Task[T]:
        """Goes on when the screen that asked for it is gone."""
        task = asyncio.create_task(work)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        return task

    async def _all_ended(self) -> None:
        while self._ending:
            ended, _ = await asyncio.wait(self._ending)
            for task in ended:
                if not task.cancelled():
                    task.result()

    async def _hand_over(self, visit: Visit) -> None:
        async def end() -> None:
            visit.client.leave_to_next()
            await self._end_visit(visit)

        path = visit.client.state.path
        assert self.house is not None
        assert path is not None
        try:
            await self.house.hand_over(path, end)
        except (OSError, ValueError) as error:
            self.last_words = f"no server has the session, which has ended: {error}"

    def _view(self) -> Screen[None]:
        if (client := self.client) is not None:
            return NotebookScreen(
                client, self._clock, self._make_painter, self.preferences, waits=self.lets_others_first
            )
        from notebook_tui.ui.home.home_screen import HomeScreen

        assert self.house is not None
        return HomeScreen(self.house, self._clock)

    # The end, and failures.

    def action_save_and_quit(self) -> None:
        """What `:wq` does; where it cannot be saved, the notebook stays open."""
        if (screen := self.notebook_screen) is not None:
            self.run_worker(Leaving(screen, "quit", self.exit).save())

    def hang_up(self) -> None:
        """Leave without a question and save what is not saved: the terminal, or the machine, is going away."""
        self.call_later(self._hang_up)

    async def _hang_up(self) -> None:
        await self._save_quietly()
        self.exit()

    async def _save_quietly(self) -> None:
        self.rescue()
        if (client := self.client) is not None and client.state.dirty:
            with suppress(OSError):  # nobody is there to be told; a conflict has put ours beside the file
                await client.save()

    def rescue(self) -> None:
        if (screen := self.notebook_screen) is not None:
            screen.flush()

    def panel_for(self, failure: BaseException, report: str, *, again: bool) -> Screen[None]:
        from notebook_tui.ui.crash.crash_screen import CrashScreen
        from notebook_tui.ui.crash.report import keep_report, summary_of

        path = keep_report(report, datetime.now())
        return CrashScreen(summary_of(failure), report, path, again=again, has_notebook=self.client is not None)

    async def on_crash_screen_answered(self, event: events.Event) -> None:
        from notebook_tui.ui.crash import crash_screen

        assert isinstance(event, crash_screen.CrashScreen.Answered)
        if event.answer == crash_screen.RESTART:
            self.restarted()
            await self.show_alone(self._view())
        elif event.answer == crash_screen.QUIT:
            self.exit()
        else:
            self.run_worker(self._save_and_quit())

    async def _save_and_quit(self) -> None:
        from notebook_tui.ui.crash.crash_screen import CrashScreen

        try:
            if self.client is not None:
                await self.client.save()
        except OSError as error:
            assert isinstance(self.screen, CrashScreen)
            self.screen.say(f"Not saved: {error}")
        else:
            self.exit()

    def _settings_changed(self, settings: Settings) -> None:
        self.theme = self._theme_of(settings)
        self.show_pictures_as(settings.images)

    def _theme_of(self, settings: Settings) -> str:
        name = THEMES.get(settings.theme, settings.theme)
        return (
            name if name in self.available_themes else theme_for(self.console.color_system, self._no_color, self._light)
        )

    @on(TerminalAnswered)
    def _background_told(self, event: TerminalAnswered) -> None:
        self._light = event.answers.light
        self.theme = self._theme_of(self.preferences.now)

    def _theme_chosen(self, _: Theme) -> None:
        """Textual's search for themes sets one without a word: it is the user's from now on."""
        # The theme of this moment: the signal is late, and may tell of one that has been left already.
        if self.theme != self._theme_of(self.preferences.now):
            try:
                self.preferences.change("theme", self.theme)
            except NotKept as error:
                self.notify(f"It holds until you quit: {error}", severity="warning", markup=False)

    async def on_unmount(self) -> None:
        if self.client is not None:
            await self.client.close()


def _note(path: str, title: str, at: float) -> None:
    from notebook_tui.session.bounds import bounds
    from notebook_tui.session.shelf import is_there, was_opened

    if bounds() is None and is_there(path):
        with suppress(OSError):
            was_opened(path, title, at)
